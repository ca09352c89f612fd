import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeScript, openScript } from '../../src/gates/window-script.ts';
import { HOLDS_FOLDER } from '../../src/ledger/holds.ts';
import { render } from '../../src/shell/script.ts';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { buildGdbImage, type GdbImage } from './gdb-images.ts';
import type { FleetHost } from './host.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';
import { finished, Operator, type Run, registered, steps, verdict } from './operator.ts';
import { met, release, setPoints } from './points.ts';

const SHIPPED = fileURLToPath(new URL('../../playbooks/executor-shutdown.yml', import.meta.url));
const SHUT = "Shut the executors' links and restart the agent";

interface Entry {
  readonly renewedAt: string;
  readonly until: string;
  readonly measured: boolean;
}

describe.skipIf(fleetMissing())('a host at the edge of what a window is for', () => {
  let fleet: Fleet;
  let image: GdbImage;
  let operator: Operator;
  let host: FleetHost;

  beforeAll(async () => {
    const executors = [{ id: 'web' }, { id: 'nightly report' }];
    fleet = await startFleet({ hosts: [{ name: 'edge', executors, flags: { recovery_timeout: '120secs' } }] });
    image = buildGdbImage(fleet.folder);
    operator = new Operator(fleet, image);
    host = fleet.host('edge');
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await operator?.close();
    await fleet?.stop();
  });

  /** What must stay as it is where nothing is opened: executors, their links, and the agent. */
  async function untouched(): Promise<unknown> {
    return [await host.executors(), await host.read(`systemctl show -p MainPID --value ${host.unit}`)];
  }

  async function who(): Promise<unknown> {
    return (await host.executors()).map(({ id, pid, start, alive }) => ({ id, pid, start, alive }));
  }

  function refusalOf(run: Run, name = 'edge'): unknown {
    return run.events.find((event) => event.type === 'host_refused' && event.host === name)?.reason;
  }

  /** Seconds from the renewal to its end, as the ledger has it. */
  function noted(): { readonly seconds: number; readonly measured: boolean } {
    const lines = readFileSync(join(operator.state, 'ledger.jsonl'), 'utf8').split('\n').filter(Boolean);
    const { renewedAt, until, measured } = JSON.parse(lines.at(-1) ?? '') as Entry;
    return { seconds: (Date.parse(until) - Date.parse(renewedAt)) / 1000, measured };
  }

  const LIMIT = '/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established';

  const NOT_TRACKED = ['PREROUTING', 'OUTPUT'].flatMap((chain) =>
    ['--dport', '--sport'].map((end) => `${chain} -p tcp ${end} 5051 -j NOTRACK`),
  );

  it('has links that are good for as long as it remembers an idle one, where they themselves are not tracked', {
    timeout: 180_000,
  }, async () => {
    await host.read(NOT_TRACKED.map((rule) => `iptables -t raw -A ${rule}`).join(' && '));
    await host.read(`echo 7200 > ${LIMIT}`);
    const run = await operator.run('executor-shutdown.yml', ['edge']);
    expect([verdict(run, 'edge').msg, run.code]).toEqual(['', 0]);
    expect(noted()).toEqual({ seconds: 7200, measured: false });
  });

  it('has links that are good for as long as they are tracked, measured, where it tracks them', {
    timeout: 180_000,
  }, async () => {
    await host.read(`iptables -t raw -F; echo 3600 > ${LIMIT}`);
    const run = await operator.run('executor-shutdown.yml', ['edge']);
    expect([verdict(run, 'edge').msg, run.code]).toEqual(['', 0]);
    expect(noted().measured).toBe(true);
    expect(noted().seconds).toBeLessThanOrEqual(3600);
    await host.read(`echo 432000 > ${LIMIT}`);
  });

  it('is refused where a guard of that name is armed already, which stays armed', { timeout: 120_000 }, async () => {
    const before = await untouched();
    await host.read('systemd-run --unit=rollgate-guard-executor-shutdown --on-active=3600 true');
    const run = await operator.run('executor-shutdown.yml', ['edge']);
    expect(run.code).toBe(3);
    expect(refusalOf(run)).toMatch(/a guard of that name is armed on this host already/);
    expect(steps(run, 'edge').join('\n')).not.toContain(SHUT);
    expect(await untouched()).toEqual(before);
    await host.read('systemctl is-active rollgate-guard-executor-shutdown.timer');
    await host.read('systemctl stop rollgate-guard-executor-shutdown.timer');
  });

  it('is refused where nothing can be written to it', { timeout: 120_000 }, async () => {
    const before = await untouched();
    const folder = '/var/lib/rollgate';
    await host.read(`mount --bind ${folder} ${folder} && mount -o remount,bind,ro ${folder}`);
    const run = await operator.run('executor-shutdown.yml', ['edge']);
    await host.read(`umount ${folder}`);
    expect(run.code).toBe(3);
    expect(refusalOf(run)).toMatch(/nothing can be written to \/var\/lib\/rollgate\/windows on this host/);
    expect(steps(run, 'edge').join('\n')).not.toContain(SHUT);
    expect(await untouched()).toEqual(before);
  });

  it('lets one in where two open a window at once', { timeout: 120_000 }, async () => {
    const opening = (run: string) =>
      host.read(
        render(openScript({ name: 'raced', run, lengthSeconds: 900, guard: { command: 'true', afterSeconds: 600 } })),
      );
    for (let round = 0; round < 5; round++) {
      const said = await Promise.all([opening('one'), opening('other')]);
      const [first] = said.filter((each) => each.startsWith('= opened'));
      const [second] = said.filter((each) => each.startsWith('= refused'));
      expect([first, second]).not.toContain(undefined);
      const winner = said[0] === first ? 'one' : 'other';
      expect(second).toContain(`opened by ${winner} `);
      await host.read(render(closeScript('raced')));
    }
  });

  it('is refused to a second bastion, which is told who the first is', { timeout: 240_000 }, async () => {
    const elsewhere = new Operator(fleet, image);
    try {
      const before = await who();
      await host.makeStale();
      // Nothing has been shut yet: no check beforehand tells the second of the first.
      await setPoints(host, { early: { unit: 'script', call: 'docker run *', moment: 'before' } });
      const first = operator.start('executor-shutdown.yml', ['edge']);
      await met(host, 'early');
      const id = (await first.event(({ type }) => type === 'run_started')).run;
      forgetHoldsOf(id);
      const second = await elsewhere.run('executor-shutdown.yml', ['edge']);
      expect(second.code).toBe(3);
      expect(refusalOf(second)).toMatch(new RegExp(`open on this host, opened by ${id} of .*, as edge`));
      await release(host, 'script');
      const run = await finished(first);
      expect([verdict(run, 'edge').msg, run.code]).toEqual(['', 0]);
      expect(await who()).toEqual(before);
    } finally {
      await elsewhere.close();
    }
  });

  it('is let in once where an inventory has it under three names', { timeout: 240_000 }, async () => {
    const before = await who();
    await host.makeStale();
    const inventory = await underThreeNames();
    const playbook = join(operator.folder, 'at-once.yml');
    const written = readFileSync(SHIPPED, 'utf8');
    expect(written).toMatch(/serial: \[.*\]/);
    writeFileSync(playbook, written.replace(/serial: \[.*\]/, 'serial: "100%"'));
    await setPoints(host, { early: { unit: 'script', call: 'docker run *', moment: 'before' } });
    const call = operator.call(['run', playbook, '-i', inventory, '--yes', '--format', 'json']);
    await met(host, 'early');
    const refused: string[] = [];
    const isNext = ({ type, host: name = '' }: { readonly type: string; readonly host?: string }) =>
      type === 'host_refused' && !refused.includes(name);
    for (let n = 0; n < 2; n++) refused.push((await call.event(isNext)).host ?? '');
    await release(host, 'script');
    const run = await finished(call);
    const [inside = ''] = ['by-address', 'by-other-address', 'by-port'].filter((name) => !refused.includes(name));
    for (const name of refused)
      expect(refusalOf(run, name)).toMatch(new RegExp(`open on this host, opened by .*, as ${inside} `));
    expect(verdict(run, inside).msg).toBe('');
    expect(run.code).toBe(3);
    expect(await who()).toEqual(before);
  });

  /** Two addresses and two ports. */
  async function underThreeNames(): Promise<string> {
    const other = host.address.replace(/\.\d+\.(\d+)$/, '.217.$1');
    await host.read(`ip address add ${other}/32 dev eth0; /usr/sbin/sshd -p 2222`);
    const [known = ''] = readFileSync(fleet.knownHostsFile, 'utf8').split('\n');
    const key = known.slice(known.indexOf(' '));
    const knownHosts = join(operator.folder, 'three_known_hosts');
    const places = [host.address, other, `[${host.address}]:2222`];
    writeFileSync(knownHosts, places.map((place) => `${place}${key}\n`).join(''));
    const names = [
      `by-address ansible_host=${host.address}`,
      `by-other-address ansible_host=${other}`,
      `by-port ansible_host=${host.address} ansible_port=2222`,
    ].join('\n');
    const lines = fleet
      .inventory()
      .replace(/^edge .*$/m, names)
      .replace(fleet.knownHostsFile, knownHosts);
    const path = join(operator.folder, 'three.ini');
    writeFileSync(path, lines);
    return path;
  }

  it('shuts no further link when its clock steps forward: the agent is restarted at once', {
    timeout: 180_000,
  }, async () => {
    const before = await who();
    const [web] = (await host.executors()).map(({ pid }) => pid);
    await host.makeStale('web');
    await setPoints(host, {
      one: { unit: 'script', call: `docker exec rollgate-gdb * attach ${web} *`, moment: 'after' },
    });
    const call = operator.start('executor-shutdown.yml', ['edge']);
    await met(host, 'one');
    // Containers have the clock of this machine's kernel, which is not this test's to set: its tool tells another time.
    await host.read(`cat > /usr/local/bin/date; chmod +x /usr/local/bin/date`, STEPPED);
    await release(host, 'script');
    const run = await finished(call);
    await host.read('rm /usr/local/bin/date');
    expect(verdict(run, 'edge').msg).toMatch(
      /"nightly report" .* was not shut: the time that is kept for the restart had come/,
    );
    expect(registered(run, 'edge', SHUT).down_seconds).toBeGreaterThan(0);
    expect(await who()).toEqual(before);
  });
});

const STEPPED = `#!/bin/sh
exec /usr/bin/date -d '+100 seconds' "$@"
`;

/** Holds are known to one machine: with them gone, a run is to others as if it went on elsewhere. */
function forgetHoldsOf(run: unknown): void {
  const own = execFileSync('grep', ['-lrsF', `"run":"${run}"`, HOLDS_FOLDER], { encoding: 'utf8' });
  for (const path of own.trim().split('\n')) rmSync(path);
}
