import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Agreement, agreement, type Printed } from '../review/agreement.ts';
import { rollgate } from './desk.ts';
import { startFleet } from './fleet.ts';

const PLAYBOOKS = fileURLToPath(new URL('../../playbooks/', import.meta.url));
const SHUT = "Shut the executors' links and restart the agent";

interface Compared extends Agreement {
  readonly document: string;
  /** What would be said had one word more been sent. */
  readonly hadMoreBeenSent: readonly string[];
}

/** Has a plan approved with what its hosts said, runs it, and holds the one against the other. */
async function compared(playbook: string, { first, idleDays = 6 }: { first?: string; idleDays?: number } = {}) {
  const fleet = await startFleet({
    hosts: [
      { name: 'a1', executors: [{ id: 'web', kind: 'docker', idleDays }] },
      {
        name: 'a2',
        agent: 'public',
        executors: [
          { id: 'own', kind: 'custom', idleDays },
          { id: '', kind: 'http' },
        ],
      },
    ],
  });
  onTestFinished(() => fleet.stop());
  const { id: gdb_image, archive: gdb_archive } = fleet.gdbImage;
  const artifacts = join(fleet.directory, 'artifacts');
  await mkdir(artifacts);
  const upgrade_command = "echo it's new";
  const given = JSON.stringify({ gdb_image, gdb_archive, artifacts, watch: 0, upgrade_command });
  const call = (...argv: readonly string[]) => rollgate(fleet.directory, ...argv);
  const line = (name: string) => [`${PLAYBOOKS}${name}.yml`, '-i', fleet.inventoryFile, '-e', given];
  if (first !== undefined) expect(await call('run', ...line(first), '--yes')).toMatchObject({ code: 0 });
  const planned = await call('plan', ...line(playbook), '--probe', '-o', 'plan.json', '-o', 'plan.txt');
  expect(planned).toMatchObject({ code: 0, err: '' });
  const read = (name: string) => readFile(join(fleet.directory, name), 'utf8');
  const saved = JSON.parse(await read('plan.json'));
  const { out } = await call('run', '--plan', 'plan.json', '--yes', '--format', 'json');
  const events: readonly Printed[] = out.split('\n').flatMap((text) => (text === '' ? [] : [JSON.parse(text)]));
  const document = (await read('plan.txt')).replaceAll(/\s+/g, ' ');
  const more = events.map((event) =>
    event.command === undefined ? event : { ...event, command: `${event.command} x` },
  );
  return { ...agreement(saved, events), document, hadMoreBeenSent: agreement(saved, more).against } satisfies Compared;
}

const on = (...tasks: readonly string[]) => ['a1', 'a2'].flatMap((host) => tasks.map((task) => `${host}: ${task}`));

describe('the commands that were approved and those that were sent', () => {
  it('are the same for the executor shutdown, but for what only the run can tell', async () => {
    const { same, open, against, hadMoreBeenSent, windows, document } = await compared('executor-shutdown');
    expect(against).toEqual([]);
    expect(hadMoreBeenSent).toHaveLength(2);
    expect([...same].sort()).toEqual(on(SHUT, 'The image with gdb is there'));
    expect([...open].sort()).toEqual(on('The agent has been restarted', 'The links are good for five days'));
    expect(document).toContain('From here on the host is asked again');
    expect(document).toContain('“RUN of OPERATOR on BASTION”');
    expect(document).toContain('arms and disarms the guard');
    for (const sent of windows.values()) {
      expect(sent).toHaveLength(2);
      expect(sent[0]).toContain('sh /var/lib/rollgate/executor-shutdown/procedure.sh home');
    }
  }, 120_000);

  it('are none for the preflight', async () => {
    expect(await compared('preflight')).toMatchObject({ same: [], open: [], against: [] });
  }, 60_000);

  // The simulated systemd keeps no unit that has ended: both playbooks come no further than to their upgrade here.
  it('are the same for the agent upgrade', async () => {
    const { same, open, against } = await compared('agent-upgrade', { first: 'executor-shutdown', idleDays: 0 });
    expect({ same: same.slice(0, 1), open, against }).toEqual({
      same: ['a1: Upgrade the agent'],
      open: [],
      against: [],
    });
  }, 120_000);

  it('are the same for the rolling upgrade', async () => {
    const { same, against } = await compared('rolling-upgrade');
    expect(against).toEqual([]);
    expect(same.filter((each) => each.startsWith('a1'))).toEqual([
      'a1: The image with gdb is there',
      `a1: ${SHUT}`,
      'a1: Upgrade the agent',
    ]);
  }, 120_000);
});
