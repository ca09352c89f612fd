import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { buildGdbImage, type GdbImage, spoilGdbImage } from './gdb-images.ts';
import { linkOf, shutByHand } from './hands.ts';
import type { FleetHost, HostSpec } from './host.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';
import { Operator, type Run, registered, verdict } from './operator.ts';

const SHUT = "Shut the executors' links and restart the agent";
const VERIFY = 'Every executor is back';

interface Fault {
  readonly name: string;
  readonly spec?: Omit<HostSpec, 'name'>;
  /** The flows were dropped as five days of silence would. Default: they were. */
  readonly stale?: boolean;
  readonly make?: (host: FleetHost) => Promise<unknown>;
  /** Given to the playbook for this host. */
  readonly vars?: (at: Places) => Readonly<Record<string, string>>;
  /** The task that ends the host, its status and what it says; none: the host goes through. */
  readonly ends?: readonly [task: string, status: string, says: RegExp];
  /** Executors that are not the same process afterwards. */
  readonly dies?: readonly string[];
  /** Whether the agent was restarted. */
  readonly restarts: boolean;
  readonly also?: (run: Run, host: FleetHost) => unknown;
}

interface Places {
  readonly spoilt: GdbImage;
  readonly folder: string;
}

const TWO = [{ id: 'web' }, { id: 'nightly report' }];

const spoilt = ({ spoilt: { id, archive, sha256 } }: Places) => ({
  gdb_image: id,
  gdb_archive: archive,
  gdb_archive_sha256: sha256,
});

/** Makes the image's gdb misbehave when it comes to an executor. */
async function spoil(host: FleetHost, mode: 'crash' | 'minus' | 'kill' | 'hang', id: string): Promise<void> {
  const { pid } = await host.executor(id);
  await host.read(`echo ${mode} > /etc/gdb-mode; echo ${pid} > /etc/gdb-victim`);
}

const FAULTS: readonly Fault[] = [
  {
    name: 'ping-fails',
    make: (host) => host.read('iptables -I INPUT -p icmp -j DROP'),
    ends: ['The host answers', 'unreachable', /no answer|does not answer|echo|ping/i],
    restarts: false,
  },
  {
    name: 'sshd-refuses',
    make: (host) => host.read('systemctl stop ssh.socket ssh 2>/dev/null; systemctl is-active ssh || true'),
    ends: ['The host answers', 'unreachable', /refused/i],
    restarts: false,
  },
  {
    name: 'sudo-refuses',
    make: (host) => host.read("rm -f /etc/sudoers.d/*; sed -i '/core\\|%sudo/d' /etc/sudoers"),
    vars: () => ({ ansible_user: 'core' }),
    ends: ['See agent and executors as they are', 'failed', /sudo/],
    restarts: false,
  },
  {
    name: 'docker-down',
    make: (host) => host.read('systemctl stop docker.socket docker'),
    ends: ['The image with gdb is there', 'failed', /Docker/],
    restarts: false,
  },
  {
    name: 'archive-corrupt',
    vars: ({ folder }) => ({ gdb_archive: join(folder, 'corrupt.tar.gz') }),
    ends: ['The image with gdb is there', 'failed', /SHA-256|sha256/i],
    restarts: false,
  },
  {
    name: 'gdb-crashes',
    make: (host) => spoil(host, 'crash', 'web'),
    vars: spoilt,
    ends: [SHUT, 'failed', /"web" \(pid \d+\) (was not shut|died)/],
    dies: ['web'],
    restarts: true,
  },
  {
    name: 'gdb-hangs',
    make: (host) => spoil(host, 'hang', 'web'),
    vars: spoilt,
    ends: [SHUT, 'failed', /"web" \(pid \d+\) was not shut: gdb holds it and does not come back/],
    dies: ['web'],
    restarts: true,
  },
  {
    name: 'no-ptrace',
    spec: { without: ['SYS_PTRACE'] },
    ends: [SHUT, 'refused', /nothing was touched: .*(gdb|container)/],
    restarts: false,
  },
  {
    // The container starts, and has the capability: a filter of system calls that Docker's own units were given says no.
    name: 'ptrace-denied',
    make: (host) =>
      host.read(`for unit in docker containerd; do
  mkdir -p /etc/systemd/system/$unit.service.d
  printf '[Service]\\nSystemCallFilter=~ptrace\\nSystemCallErrorNumber=EPERM\\n' >/etc/systemd/system/$unit.service.d/hardened.conf
done
systemctl daemon-reload; systemctl restart containerd docker`),
    ends: [SHUT, 'refused', /nothing was touched: gdb cannot work on this host, .*not permitted.*allow .* ptrace/],
    restarts: false,
    also: async (run, host) => {
      expect(registered(run, 'ptrace-denied', SHUT).shut).toEqual([]);
      expect(await host.read('docker ps -aq --filter name=rollgate')).toBe('');
      expect(await host.read('sed -n "s/^phase //p" /var/lib/rollgate/executor-shutdown/state')).toBe('refused');
    },
  },
  {
    name: 'libc-replaced',
    make: (host) =>
      host.read(
        'libc=$(ldd /bin/true | sed -n "s/.*libc.so.6 => \\([^ ]*\\).*/\\1/p"); cp "$libc" "$libc.new" && mv "$libc.new" "$libc"',
      ),
    ends: ['Nothing speaks against it', 'refused', /C library: not the one on disk/],
    restarts: false,
  },
  { name: 'own-network', spec: { executors: [...TWO, { id: 'apart', ownNetwork: true }] }, restarts: true },
  {
    name: 'waits-already',
    stale: false,
    make: async (host) => shutByHand(host, 'web', await linkOf(host, 'web')),
    restarts: true,
    also: async (run, host) => {
      expect(registered(run, 'waits-already', SHUT).shut).toEqual([]);
      const folder = '/var/lib/rollgate/executor-shutdown';
      expect(await host.read(`ls ${folder} | grep -c '^gdb' || true; cat ${folder}/save_exec.out`)).toBe('0');
      const starts = 'journalctl -o cat -u dcos-mesos-slave | grep -c "^Started dcos-mesos-slave"';
      expect(await host.read(starts)).toBe('2');
    },
  },
  {
    name: 'in-the-unit',
    spec: { executors: [...TWO, { id: 'inside', inUnit: true }], dropIn: '[Service]\nKillMode=control-group\n' },
    ends: ['Nothing speaks against it', 'refused', /inside/],
    restarts: false,
  },
  {
    name: 'hangs',
    make: (host) => host.set('hang-on-term'),
    restarts: true,
    also: (run) => expect(registered(run, 'hangs', SHUT).msg).toContain('did not stop by itself'),
  },
  {
    name: 'minus-one',
    make: (host) => spoil(host, 'minus', 'web'),
    vars: spoilt,
    ends: [SHUT, 'failed', /"web" \(pid \d+\) was not shut: shutdown returned -1/],
    dies: ['web'],
    restarts: true,
  },
  {
    name: 'stays-away',
    spec: { flags: { recovery_timeout: '20secs' } },
    make: (host) => host.set('start-exit'),
    ends: [SHUT, 'failed', /did not come back.*journalctl -u dcos-mesos-slave/],
    dies: ['web', 'nightly report'],
    restarts: false,
  },
  {
    name: 'too-late',
    spec: { flags: { recovery_timeout: '45secs' } },
    make: (host) => host.set('start-delay', '60'),
    ends: [VERIFY, 'failed', /lost/],
    dies: ['web', 'nightly report'],
    restarts: true,
  },
  {
    name: 'one-dies',
    make: (host) => spoil(host, 'kill', 'web'),
    vars: spoilt,
    ends: [SHUT, 'failed', /"web" \(pid \d+\) (was not shut|died)/],
    dies: ['web'],
    restarts: true,
  },
  {
    name: 'disk-full-here',
    vars: ({ folder }) => ({ artifacts: join(folder, 'full') }),
    ends: ['See agent and executors as they are', 'failed', /no space|ENOSPC/i],
    restarts: false,
  },
  {
    name: 'disk-full-there',
    make: (host) =>
      host.read(
        'mkdir -p /var/lib/rollgate; mount -t tmpfs -o size=16k none /var/lib/rollgate; cat /dev/zero > /var/lib/rollgate/fill 2>/dev/null || true',
      ),
    ends: ['The image with gdb is there', 'failed', /free|space/i],
    restarts: false,
  },
  {
    name: 'cut-off',
    make: (host) =>
      host.read(`cat > /run/cut <<'END'
until grep -q '^phase open' /var/lib/rollgate/executor-shutdown/state 2>/dev/null; do sleep 0.02; done
pkill -f 'sshd: root'
END
systemd-run --unit=cut sh /run/cut`),
    restarts: true,
    also: (run) =>
      expect(run.events.filter((event) => event.host === 'cut-off' && /^lost/.test(String(event.outcome)))).not.toEqual(
        [],
      ),
  },
];

describe.skipIf(fleetMissing())('a host on which something is wrong', () => {
  let fleet: Fleet;
  let operator: Operator;
  let run: Run;
  const before = new Map<string, { readonly pid: number; readonly id: string; readonly start: string }[]>();
  const agents = new Map<string, string>();

  beforeAll(async () => {
    fleet = await startFleet({
      hosts: [{ name: 'well', executors: TWO }, ...FAULTS.map(({ name, spec }) => ({ name, executors: TWO, ...spec }))],
    });
    const image = buildGdbImage(fleet.folder);
    const places = { spoilt: spoilGdbImage(image, fleet.folder), folder: fleet.folder };
    operator = new Operator(fleet, image);
    writeFileSync(join(fleet.folder, 'corrupt.tar.gz'), 'this was an archive once');
    execFileSync(
      'sh',
      ['-c', 'mkdir full && mount -t tmpfs -o size=4k none full && cat /dev/zero > full/fill || true'],
      {
        cwd: fleet.folder,
        stdio: 'ignore',
      },
    );
    for (const { name, stale, make } of FAULTS) {
      const host = fleet.host(name);
      before.set(
        name,
        (await host.executors()).map(({ id, pid, start }) => ({ id, pid, start })),
      );
      if (stale !== false) await host.makeStale();
      await make?.(host);
      agents.set(name, await host.read(`systemctl show -p MainPID --value ${host.unit}`));
    }
    run = await operator.run('executor-shutdown.yml', ['well', ...FAULTS.map(({ name }) => name)], {
      extra: ['-e', 'max_failures=100', '-e', 'max_lost=100', '-f', '4'],
      hostVars: Object.fromEntries(FAULTS.map(({ name, vars }) => [name, vars?.(places) ?? {}])),
    });
  }, BUILD_TIMEOUT_MS + 400_000);

  afterAll(async () => {
    if (fleet !== undefined) execFileSync('sh', ['-c', 'umount full || true'], { cwd: fleet.folder, stdio: 'ignore' });
    await operator?.close();
    await fleet?.stop();
  });

  it('does not keep the run from its end', () => {
    expect(run.stderr).toBe('');
    expect(verdict(run, 'well').msg).toBe('');
    expect(run.code).toBe(5);
  });

  it.each(FAULTS.map((fault) => [fault.name, fault] as const))(
    '%s: is told by name, and harms nobody else',
    async (name, fault) => {
      const { task, status, msg } = verdict(run, name);
      const [wantedTask, wantedStatus, says] = fault.ends ?? [undefined, undefined, /^$/];
      expect([task, status]).toEqual([wantedTask, wantedStatus]);
      expect(msg).toMatch(says);
      const host = fleet.host(name);
      const living = (await host.executors()).filter(({ alive }) => alive);
      const expected = before.get(name)?.filter(({ id }) => !fault.dies?.includes(id));
      expect(living.map(({ id, pid, start }) => ({ id, pid, start }))).toEqual(expected);
      const agent = await host.read(`systemctl show -p MainPID --value ${host.unit}`);
      if (!fault.restarts && agent !== '0') expect(agent).toBe(agents.get(name));
      if (fault.restarts) expect(agent).not.toBe(agents.get(name));
      await fault.also?.(run, host);
    },
  );
});
