import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Call, Told } from '../e2e/desk.ts';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { buildGdbImage } from './gdb-images.ts';
import type { FleetHost } from './host.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';
import { finished, Operator, registered, steps, verdict } from './operator.ts';

const PLAYBOOK = fileURLToPath(new URL('../../playbooks/executor-shutdown.yml', import.meta.url));
const SHUT = "Shut the executors' links and restart the agent";

const step = (type: string, task: string) => (event: Told) => event.type === type && event.task === task;
const printed = (text: string) => (event: Told) => event.type === 'command_output' && String(event.text).includes(text);

/** Where rollgate is killed: when it has said this. */
const MOMENTS: readonly (readonly [string, (event: Told) => boolean])[] = [
  ['opened', (event) => event.type === 'window_opened'],
  ['started', step('step_started', SHUT)],
  ['shut-one', printed('shutdown(')],
  ['restarting', printed('systemctl restart')],
  ['done', step('step_finished', SHUT)],
  ['verifying', step('step_started', 'Every executor is back')],
];

async function who(host: FleetHost): Promise<unknown> {
  return (await host.executors()).map(({ id, pid, start, alive }) => ({ id, pid, start, alive }));
}

/** Kills the script on the host once it has shut a link. */
const KILL_THE_SCRIPT = `cat > /run/kill-script <<'END'
until grep -q '^= after' /var/lib/rollgate/executor-shutdown/results 2>/dev/null; do sleep 0.02; done
systemctl kill -s KILL rollgate-executor-shutdown.service
echo killed > /run/script-killed
END
systemd-run --unit=kill-script sh /run/kill-script`;

describe.skipIf(fleetMissing())('a window on a real host, when everything around it dies', () => {
  let fleet: Fleet;
  let operator: Operator;
  const executors = [{ id: 'web' }, { id: 'nightly report' }];
  /** Where the guard fires there has to be time left, so that it goes on to shut links instead of restarting at once. */
  const flags: Record<string, Record<string, string>> = {
    guarded: { recovery_timeout: '150secs' },
    others: { recovery_timeout: '60secs' },
  };

  beforeAll(async () => {
    const names = [...MOMENTS.map(([name]) => name), 'guarded', 'unguarded', 'cut', 'asleep', 'taken'];
    fleet = await startFleet({ hosts: names.map((name) => ({ name, executors, flags: flags[name] ?? flags.others })) });
    operator = new Operator(fleet, buildGdbImage(fleet.folder));
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await operator?.close();
    await fleet?.stop();
  });

  async function killed(call: Call): Promise<void> {
    call.child.kill('SIGKILL');
    await call.ended;
  }

  it.each(MOMENTS)(
    'loses nothing when rollgate is killed at "%s", and resume ends well',
    { timeout: 180_000 },
    async (name, moment) => {
      const host = fleet.host(name);
      const before = await who(host);
      await host.makeStale();
      const call = operator.start('executor-shutdown.yml', [name]);
      await call.event(moment);
      await killed(call);
      const resumed = await finished(operator.call(['resume', '--yes', '--format', 'json']));
      expect([verdict(resumed, name).msg, resumed.stderr]).toEqual(['', '']);
      expect(resumed.code).toBe(0);
      expect(await who(host)).toEqual(before);
      expect(await host.read('grep -hc "systemctl restart" /var/lib/rollgate/executor-shutdown/log')).toBe('1');
      expect((await host.exec('systemctl is-active rollgate-guard-executor-shutdown.timer')).stdout.trim()).toBe(
        'inactive',
      );
    },
  );

  it('is brought home by its guard when rollgate and the script on the host are killed', {
    timeout: 240_000,
  }, async () => {
    const host = fleet.host('guarded');
    const before = await who(host);
    await host.makeStale('web');
    await host.read(KILL_THE_SCRIPT);
    const call = operator.start('executor-shutdown.yml', ['guarded']);
    await call.event(printed('shutdown('));
    await killed(call);
    const file = '/var/lib/rollgate/executor-shutdown';
    await host.until(
      'the guard has fired',
      async () => (await host.exec(`grep -q '^phase restarted' ${file}/state`)).code === 0,
      120_000,
    );
    const resumed = await finished(operator.call(['resume', '--yes', '--format', 'json']));
    expect(verdict(resumed, 'guarded').msg).toBe('');
    expect(registered(resumed, 'guarded', SHUT)).toMatchObject({ degraded: true });
    expect(resumed.code).toBe(0);
    expect(await who(host)).toEqual(before);
    expect(
      resumed.events.some((event) => event.type === 'warning' && String(event.message).includes('has fired')),
    ).toBe(true);
  });

  it('loses the tasks in the same case without the guard', { timeout: 240_000 }, async () => {
    const host = fleet.host('unguarded');
    await host.makeStale('web');
    await host.read(KILL_THE_SCRIPT);
    const guard = /guard: sh .*/;
    const written = readFileSync(PLAYBOOK, 'utf8');
    expect(written).toMatch(guard);
    const playbook = join(operator.folder, 'unguarded.yml');
    writeFileSync(playbook, written.replace(guard, 'guard: { none: to show what it is for }'));
    const call = operator.start(playbook, ['unguarded']);
    await call.event(printed('shutdown('));
    await killed(call);
    await host.until('the executor gave up', async () => !(await host.executor('web')).alive, 120_000);
    expect(await host.stderrOf('web')).toMatch(/Recovery timeout of .* exceeded/);
  });

  it('goes on by itself while the network is cut, and the run finds it done', { timeout: 240_000 }, async () => {
    const host = fleet.host('cut');
    const before = await who(host);
    await host.makeStale();
    const call = operator.start('executor-shutdown.yml', ['cut']);
    await call.event(printed('shutdown('));
    await host.read('iptables -I INPUT -p tcp --dport 22 -j DROP; iptables -I OUTPUT -p tcp --sport 22 -j DROP');
    const state = '/var/lib/rollgate/executor-shutdown/state';
    await host.until(
      'the agent is back',
      async () => (await host.exec(`grep -q '^phase restarted' ${state}`)).code === 0,
    );
    await host.read('iptables -D INPUT -p tcp --dport 22 -j DROP; iptables -D OUTPUT -p tcp --sport 22 -j DROP');
    const run = await finished(call);
    expect(verdict(run, 'cut').msg).toBe('');
    expect(run.code).toBe(0);
    expect(await who(host)).toEqual(before);
  });

  it('goes on by itself while the bastion sleeps, and the run finds it done', { timeout: 240_000 }, async () => {
    const host = fleet.host('asleep');
    const before = await who(host);
    await host.makeStale();
    const call = operator.start('executor-shutdown.yml', ['asleep']);
    await call.event(printed('shutdown('));
    call.child.kill('SIGSTOP');
    const state = '/var/lib/rollgate/executor-shutdown/state';
    await host.until(
      'the agent is back',
      async () => (await host.exec(`grep -q '^phase restarted' ${state}`)).code === 0,
    );
    call.child.kill('SIGCONT');
    const run = await finished(call);
    expect([run.code, verdict(run, 'asleep').msg]).toEqual([0, '']);
    expect(await who(host)).toEqual(before);
  });

  it('is refused by the host while another bastion has one open there', { timeout: 120_000 }, async () => {
    const host = fleet.host('taken');
    const before = await who(host);
    await host.read(`mkdir -p /var/lib/rollgate/windows
printf 'phase open\\nrun another run\\nopened 1 1 %s\\nlength 900\\n' "$(cat /proc/sys/kernel/random/boot_id)" > /var/lib/rollgate/windows/executor-shutdown`);
    const run = await operator.run('executor-shutdown.yml', ['taken']);
    expect(run.code).toBe(3);
    const refusal = run.events.find((event) => event.type === 'host_refused');
    expect(refusal?.reason).toMatch(/open on this host, opened by another run/);
    expect(steps(run, 'taken').join('\n')).not.toContain(SHUT);
    expect(await who(host)).toEqual(before);
  });
});
