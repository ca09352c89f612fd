import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { buildGdbImage } from './gdb-images.ts';
import type { ExecutorSpec, FleetHost } from './host.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';
import { finished, Operator, type Run, registered } from './operator.ts';

/** Marathon's way: the id is new each time, the name stays. */
const task = (name: string, number: number): ExecutorSpec => ({
  id: `${name}.${number}`,
  taskId: `${name}.${number}`,
  taskName: name,
});

/** Ends executors as soon as the host's window is open. */
async function endInWindow(host: FleetHost, ...ids: readonly string[]): Promise<void> {
  const pids = (await Promise.all(ids.map((id) => host.executor(id)))).map(({ pid }) => pid);
  await host.read(`cat > /run/end <<'END'
until grep -q '^phase open' /var/lib/rollgate/executor-shutdown/state 2>/dev/null; do sleep 0.02; done
kill -9 ${pids.join(' ')}
END
systemd-run --unit=end sh /run/end`);
}

describe.skipIf(fleetMissing())('tasks that were lost', () => {
  let fleet: Fleet;
  let operator: Operator;
  let run: Run;

  beforeAll(async () => {
    fleet = await startFleet({
      hosts: [
        { name: 'losing', executors: [task('web', 1), task('db', 1), task('calm', 1)] },
        // One of the same name that ran all the time succeeds nobody.
        { name: 'other', executors: [task('web', 0), task('db', 0)] },
      ],
    });
    operator = new Operator(fleet, buildGdbImage(fleet.folder));
    await endInWindow(fleet.host('losing'), 'web.1', 'db.1');
    const given = { masters: [fleet.masterUrl], wait_for_tasks: '30s' };
    const call = operator.start('executor-shutdown.yml', ['losing'], { extra: ['-e', JSON.stringify(given)] });
    // What a scheduler does that hears of it; of the two, one has a scheduler that does nothing.
    const other = fleet.host('other');
    await other.until('the loss is known', async () => /LOST|FAILED|KILLED/.test(stateOf('web.1')), 200_000);
    await other.launch(task('web', 2));
    run = await finished(call);
  }, BUILD_TIMEOUT_MS);

  const stateOf = (id: string) => fleet.master.tasks().get(id) ?? '';

  afterAll(async () => {
    await operator?.close();
    await fleet?.stop();
  });

  it('are told to be back where their scheduler has started others, and not to be back where it has not', () => {
    const { remedy, msg } = registered(run, 'losing', 'Tasks that are gone have successors');
    const agent = fleet.host('other').address;
    expect(remedy).toMatchObject([
      { task_id: 'web.1', name: 'web', back: { task_id: 'web.2', agent, after_seconds: expect.any(Number) } },
      { task_id: 'db.1', name: 'db', back: null },
    ]);
    expect(msg).toMatch(/^"db" is not back after 30 s; 1 of 2 are back; "web" is back as web\.2 on \S+ after [\d.]+ s/);
    expect(JSON.parse(operator.artifact('losing.remedy.json'))).toEqual(remedy);
  });

  it('stay lost, whoever came back', () => {
    expect(run.code).toBe(5);
    expect(registered(run, 'losing', 'Every executor stays').lost).toHaveLength(2);
  });

  it('are waited for outside of the window', () => {
    const order = run.events
      .filter(({ type, task }) => type === 'window_closed' || (type === 'step_started' && task?.startsWith('Tasks')))
      .map(({ type }) => type);
    expect(order).toEqual(['window_closed', 'step_started']);
  });
});
