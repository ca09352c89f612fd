import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Account, PlayAccount } from '../../src/account/account.ts';
import { main } from '../../src/cli.ts';
import type { Terminal } from '../../src/commands/terminal.ts';
import type { Stamped, StepAddress } from '../../src/journal/event.ts';
import { readJournal } from '../../src/journal/read.ts';
import { findRun } from '../../src/journal/run-folder.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { type Fleet, startFleet } from './fleet.ts';

const PLAYBOOK = fileURLToPath(new URL('../../playbooks/executor-shutdown.yml', import.meta.url));
const WELL = ['a1', 'a2'];
const SHUT = "Shut the executors' links and restart the agent";

/** The shipped playbook: a plan is saved, a run follows on hosts of which two go through, then a report is asked for. */
describe('the saved plan and the journal of the run that followed', () => {
  let fleet: Fleet;
  let plan: Plan;
  let events: readonly Stamped[];
  let account: Account;

  async function rollgate(...argv: readonly string[]): Promise<number> {
    const stream = new PassThrough().resume();
    const terminal: Terminal = {
      out: () => {},
      err: () => {},
      // Lines of progress need nothing of a terminal but to be written to.
      stdout: stream as unknown as NodeJS.WriteStream,
      isInteractive: false,
      showsRows: false,
      colour: false,
      env: {},
      cwd: fleet.directory,
      readLine: async () => undefined,
      onInterrupt: () => () => {},
      onHangup: () => () => {},
    };
    return main(argv, terminal);
  }

  beforeAll(async () => {
    fleet = await startFleet({
      hosts: [
        { name: 'a1', executors: [{ id: 'web', kind: 'docker' }] },
        { name: 'a2', executors: [{ id: 'own', kind: 'custom' }] },
        { name: 'down', executors: [{ id: 'x' }], dockerDown: true },
        { name: 'no-gdb', executors: [{ id: 'x' }], gdbCannotAttach: true },
        { name: 'slow', executors: [{ id: 'lost' }], restartSeconds: 80 },
      ],
    });
    const { id: gdb_image, archive: gdb_archive } = fleet.gdbImage;
    const artifacts = join(fleet.directory, 'artifacts');
    await mkdir(artifacts);
    const given = JSON.stringify({ gdb_image, gdb_archive, artifacts, watch: 0, max_failures: 5, max_lost: 5 });
    const line = [PLAYBOOK, '-i', fleet.inventoryFile, '-e', given];
    expect(await rollgate('plan', ...line, '-o', 'plan.json')).toBe(0);
    expect(await rollgate('run', '--plan', 'plan.json', '--yes')).toBe(5);
    expect(await rollgate('report', '-o', 'report.json')).toBe(0);
    const read = async (file: string) => JSON.parse(await readFile(join(fleet.directory, file), 'utf8'));
    plan = await read('plan.json');
    account = await read('report.json');
    const found = await findRun(join(fleet.directory, '.rollgate'));
    if (!found.ok) throw new Error(found.reason);
    events = readJournal(await readFile(found.folder.journalFile)).events;
  });

  afterAll(async () => {
    await fleet?.stop();
  });

  const begun = (host: string, playNumber: number) =>
    events
      .filter(
        (event): event is Stamped<{ readonly type: 'step_started' } & StepAddress> => event.type === 'step_started',
      )
      .filter((step) => step.host === host && step.playNumber === playNumber);
  const stepsOf = (host: string, number: number) =>
    account.plays[number - 1]?.hosts.find((each) => each.host === host)?.steps ?? [];

  it('are of one plan', () => {
    expect(events[0]).toMatchObject({ type: 'run_started', plan: plan.id });
    expect(account.plan).toBe(plan.id);
  });

  it('have every step that was taken, in one order, on the planned hosts', () => {
    for (const play of plan.plays) {
      const planned = play.tasks.map(({ id }) => id);
      for (const { number, hosts } of play.batches) {
        for (const host of hosts) {
          const taken = begun(host, play.number);
          expect(taken.map(({ taskId }) => taskId)).toEqual(
            planned.filter((id) => taken.some(({ taskId }) => taskId === id)),
          );
          expect(new Set(taken.map(({ batch }) => batch))).toEqual(new Set(taken.length === 0 ? [] : [number]));
        }
      }
      const inBatches = play.batches.flatMap(({ hosts }) => hosts);
      const elsewhere = events.filter(
        (event) => event.type === 'step_started' && event.playNumber === play.number && !inBatches.includes(event.host),
      );
      expect(elsewhere).toEqual([]);
    }
  });

  it('have every planned step of a host that went through: taken, or skipped for a reason', () => {
    const play = plan.plays[1];
    for (const host of WELL) {
      expect(begun(host, 2).map(({ taskId }) => taskId)).toEqual(play?.tasks.map(({ id }) => id));
      const skipped = stepsOf(host, 2).filter(({ outcome }) => outcome === 'skipped');
      expect(skipped.map(({ task, why }) => [task, why])).toEqual([
        ['The cluster is no worse than at the beginning', 'not so: masters is defined'],
        ['Tasks that are gone have successors', 'not so: masters is defined and wait_for_tasks is defined'],
        ['RexRay is not needed any more', 'not so: rexray | default(false) | bool'],
      ]);
    }
  });

  it('say why a host did not take the rest', () => {
    const left = (host: string) => [
      ...new Set(
        stepsOf(host, 2)
          .filter(({ outcome }) => outcome === 'not_taken')
          .map(({ why }) => why),
      ),
    ];
    expect(left('down')).toEqual(['"The image with gdb is there" failed before it']);
    expect(left('no-gdb')).toEqual([`"${SHUT}" was refused before it`]);
    expect(left('slow')).toEqual(['"Every executor stays" failed before it']);
    const once = account.plays[0] as PlayAccount;
    expect(once.hosts.flatMap(({ steps }) => steps.map(({ outcome, why }) => [outcome, why]))).toEqual([
      ['skipped', 'not so: masters is defined'],
      ...[2, 3, 4, 5].map(() => ['not_taken', 'is done once for the batch, on a1']),
    ]);
  });

  it('are found to agree by the report, which names what was lost, and the windows', () => {
    expect(account.departures).toEqual([]);
    expect(account.status.lost).toEqual([{ host: 'slow', what: '"lost"' }]);
    expect(account.remedies).toMatchObject([{ host: 'slow', about: { executor_id: 'lost' } }]);
    expect(account.comparisons.map(({ host, became }) => [host, became])).toEqual(
      expect.arrayContaining([
        ['a1', { linked: 1 }],
        ['slow', { LOST: 1 }],
      ]),
    );
    const inWindow = account.hosts
      .filter(({ windows }) => windows.some(({ isOpen }) => !isOpen))
      .map(({ host }) => host);
    expect(inWindow).toEqual(expect.arrayContaining([...WELL, 'slow']));
  });
});
