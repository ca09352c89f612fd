import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Bastion } from '../../src/actions/action.ts';
import { act, stillClock } from '../actions/machine.ts';
import { HEALTHY } from './masters.ts';

const LAST_SEEN = '2026-01-01T10:00:00.000Z';
const MASTER = 'http://m1:5050';

const seconds = (after: number) => Date.parse(LAST_SEEN) / 1000 + after;

const lost = (name: string, framework = 'marathon') => ({
  task_id: `${name}.1`,
  name,
  framework,
  executor_id: `${name}.1`,
  host: 'agent001',
  why: 'its executor is gone',
  last_seen: LAST_SEEN,
});

interface Running {
  readonly id: string;
  readonly name?: string;
  readonly framework?: string;
  readonly state?: string;
  /** Seconds after the lost ones were seen last, status by status. */
  readonly at?: readonly number[];
}

function row({ id, name = 'web', framework = 'marathon', state = 'TASK_RUNNING', at = [40] }: Running) {
  const statuses = at.map((after) => ({ state, timestamp: seconds(after) }));
  return { id, name, framework_id: framework, slave_id: 'S7', state, statuses };
}

type Http = Bastion['http'];
type Reply = Awaited<ReturnType<Http>>;

const json = (body: object): Reply => ({ kind: 'answered', status: 200, body: JSON.stringify(body) });
const status = (code: number): Reply => ({ kind: 'answered', status: code, body: '' });

/** A leading master; what it says of tasks is asked for anew each time. */
function master(tasks: () => readonly Running[] | Reply, asked: string[] = []): Http {
  const metrics = Object.fromEntries(Object.entries(HEALTHY).map(([name, value]) => [`master/${name}`, value]));
  return async ({ url }) => {
    asked.push(url.slice(MASTER.length));
    const path = new URL(url).pathname;
    if (path === '/metrics/snapshot') return json(metrics);
    if (path === '/slaves') return json({ slaves: [{ id: 'S7', hostname: 'agent007' }] });
    if (path !== '/tasks') return status(404);
    const told = tasks();
    return 'kind' in told ? told : json({ tasks: told.map(row) });
  };
}

async function wait(http: Http, params: object = {}, machine: object = {}) {
  const clock = stillClock();
  const result = await act(
    'mesos_wait_for_tasks',
    { tasks: [lost('web')], masters: [MASTER], wait: '10m', ...params },
    { folder: '/', clock, bastion: { http }, ...machine },
  );
  return { result, waitedMs: clock.monotonic() };
}

const back = (result: object) => (result as { remedy: { back?: unknown }[] }).remedy.map((task) => task.back);

describe('mesos_wait_for_tasks', () => {
  it('finds the task that the scheduler has started elsewhere under another id', async () => {
    const asked: string[] = [];
    const { result, waitedMs } = await wait(
      master(() => [{ id: 'web.2' }], asked),
      { token: 'x' },
    );
    expect(result).toEqual({
      changed: false,
      remedy: [{ ...lost('web'), back: { task_id: 'web.2', agent: 'agent007', after_seconds: 40 } }],
      table: ['task   lost   back', '"web"  web.1  as web.2 on agent007 after 40 s'],
      msg: '1 of 1 are back; "web" is back as web.2 on agent007 after 40 s',
    });
    expect(waitedMs).toBe(0);
    expect(asked).toEqual(['/metrics/snapshot', '/version', '/tasks?limit=2000&order=desc', '/slaves']);
  });

  it('asks again until it is there', async () => {
    let asked = 0;
    const { result, waitedMs } = await wait(master(() => (++asked < 4 ? [] : [{ id: 'web.2' }])));
    expect(back(result)).toEqual([{ task_id: 'web.2', agent: 'agent007', after_seconds: 40 }]);
    expect(waitedMs).toBe(15_000);
  });

  it.each<[string, Running]>([
    ['of another framework', { id: 'web.2', framework: 'other' }],
    ['of another name', { id: 'webby.2', name: 'webby' }],
    ['that is not running yet', { id: 'web.2', state: 'TASK_STAGING' }],
    ['that has ended since', { id: 'web.2', state: 'TASK_FAILED' }],
    ['that ran before', { id: 'web.0', at: [-3600] }],
    ['that ran before and has had its health checked since', { id: 'web.0', at: [-3600, 40] }],
    ['of which nothing was heard yet', { id: 'web.2', at: [] }],
  ])('takes no task %s for it, and gives up', async (_, other) => {
    const { result, waitedMs } = await wait(master(() => [other]));
    expect(back(result)).toEqual([null]);
    expect(result).toMatchObject({ changed: false, msg: '"web" is not back after 10 min; 0 of 1 are back' });
    expect(result.failed).toBeUndefined();
    expect(waitedMs).toBe(600_000);
  });

  it('counts: two lost tasks of one name want two', async () => {
    const tasks = [lost('web'), { ...lost('web'), task_id: 'web.b' }];
    const one = await wait(
      master(() => [{ id: 'web.2' }]),
      { tasks },
    );
    expect(back(one.result)).toEqual([{ task_id: 'web.2', agent: 'agent007', after_seconds: 40 }, null]);
    const two = await wait(
      master(() => [{ id: 'web.2', at: [60] }, { id: 'web.3' }]),
      { tasks },
    );
    expect(back(two.result)).toMatchObject([{ task_id: 'web.3' }, { task_id: 'web.2' }]);
    expect(two.waitedMs).toBe(0);
  });

  it.each([401, 403])(
    'says of HTTP %i that it is about credentials, at once, and nothing of the tasks',
    async (code) => {
      const { result, waitedMs } = await wait(master(() => status(code)));
      expect(back(result)).toEqual([undefined]);
      expect(result.msg).toContain(`do not accept the credentials (${MASTER}/tasks: HTTP ${code}): give \`token\``);
      expect(result.msg).not.toContain('is not back');
      expect(waitedMs).toBe(0);
    },
  );

  it('keeps to what it was told last where masters fall silent', async () => {
    let asked = 0;
    const both = { tasks: [lost('web'), lost('db')] };
    const { result } = await wait(
      master(() => (++asked > 1 ? status(500) : [{ id: 'web.2' }])),
      both,
    );
    expect(back(result)).toEqual([{ task_id: 'web.2', agent: 'agent007', after_seconds: 40 }, null]);
    expect(result.msg).toContain(`WARNING: the masters do not tell of tasks: ${MASTER}/tasks: HTTP 500`);
  });

  it('knows nothing of the tasks where no master ever tells', async () => {
    const { result } = await wait(async () => ({ kind: 'silent', why: 'nobody is there' }));
    expect(back(result)).toEqual([undefined]);
    expect(result.msg).toContain('nobody is there');
  });

  it('asks nobody where there is nothing to wait for', async () => {
    const asked: string[] = [];
    const { result } = await wait(
      master(() => [], asked),
      { tasks: [] },
    );
    expect(result).toMatchObject({ remedy: [], msg: 'there is no task to wait for' });
    expect(asked).toEqual([]);
  });

  it('does not wait in a dry run', async () => {
    const { waitedMs } = await wait(
      master(() => []),
      {},
      { check: true },
    );
    expect(waitedMs).toBe(0);
  });

  it('knows hostile names by the form in which a capture has them', async () => {
    const name = 'a\u202eb\n{{ 1/0 }}';
    const { result } = await wait(
      master(() => [{ id: `${name}.2`, name }]),
      { tasks: [lost('a\\u202eb\\x0a{{ 1/0 }}')] },
    );
    expect(back(result)).toMatchObject([{ task_id: 'a\\u202eb\\x0a{{ 1/0 }}.2' }]);
  });

  it('keeps what became of each task', async () => {
    const dest = mkdtempSync(join(tmpdir(), 'rollgate-back-'));
    const { result } = await wait(
      master(() => [{ id: 'web.2' }]),
      { dest },
    );
    expect(JSON.parse(readFileSync(join(dest, 'agent001.remedy.json'), 'utf8'))).toEqual(result.remedy);
  });

  it('wants tasks of which it is known when they were there', async () => {
    const { last_seen: _, ...unseen } = lost('web');
    await expect(
      wait(
        master(() => []),
        { tasks: [unseen] },
      ),
    ).rejects.toThrow('last_seen');
  });
});
