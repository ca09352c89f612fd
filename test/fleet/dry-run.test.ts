import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { buildGdbImage } from './gdb-images.ts';
import type { FleetHost } from './host.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';
import { Operator } from './operator.ts';

const PLAYBOOK = fileURLToPath(new URL('../../playbooks/executor-shutdown.yml', import.meta.url));

/** What each thing of a host can be told by. Logins leave records of their own, and systemd units of their sessions. */
const TRACES: Readonly<Record<string, string>> = {
  // Docker and systemd keep their own books; of the overlay only what is on the host itself is looked at.
  files: `find / -xdev \\( -path /proc -o -path /sys -o -path /run/systemd -o -path /run/utmp -o -path /var/log \\) -prune -o \\( -type f -o -type l \\) -printf '%p %s %m %u %T@ %C@\\n' | sort`,
  folders: `find /root /tmp /var/tmp /var/lib/rollgate /opt /etc /usr/local /home -xdev -type d -printf '%p %m %T@\\n' 2>/dev/null | sort`,
  processes: `ps -eo pid,lstart,args --no-headers | grep -Ev 'sshd|ps -eo|grep -Ev|sort|sh -c|systemd --user|\\(sd-pam\\)|\\[' | sort`,
  containers: `docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.Status}}' | sed 's/ Up .*/ Up/' | sort`,
  images: "docker images -a --no-trunc --format '{{.Repository}} {{.Tag}} {{.ID}} {{.CreatedAt}}' | sort",
  units: `systemctl list-units --all --no-legend --plain | awk '{print $1, $2, $3, $4}' | grep -Ev '^(session-|user-|user@|user-runtime-dir@|run-user-)' | sort`,
};

/** One after the other: none is to see another one look. */
async function tracesOf(host: FleetHost): Promise<Readonly<Record<string, readonly string[]>>> {
  const found: Record<string, readonly string[]> = {};
  for (const [what, script] of Object.entries(TRACES)) found[what] = (await host.read(script)).split('\n');
  return found;
}

describe.skipIf(fleetMissing())('a dry run on real hosts', () => {
  let fleet: Fleet;
  let operator: Operator;

  beforeAll(async () => {
    fleet = await startFleet({
      hosts: [
        {
          name: 'a1',
          executors: [
            { id: 'web', name: 'mesos-docker-executor' },
            { id: 'frail', checkpoint: false },
          ],
        },
      ],
    });
    // As systemd-timesyncd leaves it; where nobody says that the clock is synchronised, timedatectl would wake a daemon.
    await fleet.host('a1').read('mkdir -p /run/systemd/timesync && touch /run/systemd/timesync/synchronized');
    operator = new Operator(fleet, buildGdbImage(fleet.folder));
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    await operator?.close();
    await fleet?.stop();
  });

  it.each([
    ['run --check', ['run', PLAYBOOK, '--check', '--diff']],
    ['plan --probe', ['plan', PLAYBOOK, '--probe']],
  ])(
    '%s changes no file, process, container, image or unit, and tells the pid and descriptor',
    async (_, argv) => {
      const host = fleet.host('a1');
      const before = await tracesOf(host);
      const ended = await operator.call([...argv, '-i', operator.inventory(), '-l', 'a1']).ended;
      expect(ended).toMatchObject({ code: 0 });
      expect(await tracesOf(host)).toEqual(before);
      expect(operator.kept()).toEqual([]);
      const { pid, links } = await host.executor('web');
      expect(ended.stdout.replaceAll(/\s+/g, ' ')).toContain(`fd ${links[0]?.fd} of "web" (pid ${pid})`);
      expect(ended.stdout).toMatch(/will die|do not checkpoint/);
    },
    180_000,
  );

  it('would tell what a run leaves', async () => {
    const before = await tracesOf(fleet.host('a1'));
    await fleet.host('a1').read('mkdir -p /var/lib/rollgate && echo x > /var/lib/rollgate/x');
    expect(await tracesOf(fleet.host('a1'))).not.toEqual(before);
  });
});
