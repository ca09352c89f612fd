import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { main } from '../../src/cli.ts';
import type { Terminal } from '../../src/commands/terminal.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { ExecutorSpec, HostSpec } from './simulated/host.ts';
import type { Fate } from './simulated/mesos.ts';

const PLAYBOOK = fileURLToPath(new URL('../../playbooks/executor-shutdown.yml', import.meta.url));

let fleet: Fleet | undefined;

afterEach(async () => {
  await fleet?.stop();
  fleet = undefined;
});

interface Finished {
  readonly task: string;
  readonly host: string;
  readonly status: string;
  readonly result: { readonly msg?: string };
}

interface Ended {
  readonly code: number;
  readonly steps: readonly Finished[];
  readonly fleet: Fleet;
  /** What became of each executor of a host, by id. */
  fates(host: string): Readonly<Record<string, Fate>>;
  starts(host: string): number | undefined;
}

async function roll(...hosts: readonly HostSpec[]): Promise<Ended> {
  const started = await startFleet({ hosts });
  fleet = started;
  const artifacts = join(started.directory, 'artifacts');
  await mkdir(artifacts);
  const variables = { gdb_image: started.gdbImage.id, gdb_archive: started.gdbImage.archive, artifacts };
  const stream = new PassThrough();
  const out = text(stream);
  const terminal: Terminal = {
    out: () => {},
    err: () => {},
    // The stream of events needs nothing of a terminal but to be written to.
    stdout: stream as unknown as NodeJS.WriteStream,
    isInteractive: false,
    showsRows: false,
    colour: false,
    env: {},
    cwd: started.directory,
    readLine: async () => undefined,
    onInterrupt: () => () => {},
  };
  const code = await main(
    ['run', PLAYBOOK, '-i', started.inventoryFile, '-e', JSON.stringify(variables), '--yes', '--format', 'json'],
    terminal,
  );
  stream.end();
  const events = (await out).split('\n').filter((line) => line !== '');
  const mesosOf = (host: string) => started.hosts.get(host)?.state.mesos;
  return {
    code,
    steps: events.map((line) => JSON.parse(line)).filter(({ type }) => type === 'step_finished'),
    fleet: started,
    fates: (host) => Object.fromEntries((mesosOf(host)?.executors ?? []).map(({ spec, fate }) => [spec.id, fate])),
    starts: (host) => mesosOf(host)?.agent.starts,
  };
}

const STALE: readonly ExecutorSpec[] = [
  { id: 'web', kind: 'docker' },
  { id: 'nightly report', kind: 'command' },
  { id: '$(touch /tmp/pwned)\n"\'; {{ 1/0 }} \x1b[2J\xff', kind: 'command' },
  { id: 'own', kind: 'custom' },
  { id: 'edge', kind: 'http' },
];

const last = ({ steps }: Ended, host: string) => steps.filter((step) => step.host === host).at(-1);
const failure = ({ steps }: Ended, host: string) =>
  steps.find((step) => step.host === host && step.status === 'failed');

describe('the executor shutdown on embedded hosts', () => {
  it('keeps every executor over the restart of its agent, whatever it is called', async () => {
    const run = await roll({ name: 'a1', executors: STALE }, { name: 'a2', agent: 'public', executors: STALE });
    expect(run.steps.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(run.code).toBe(0);
    for (const host of ['a1', 'a2']) {
      expect(new Set(Object.values(run.fates(host)))).toEqual(new Set(['running']));
      expect(run.starts(host)).toBe(1);
      expect(await run.fleet.hosts.get(host)?.state.fs.exists('/tmp/pwned')).toBe(false);
    }
    expect((await readdir(join(run.fleet.directory, 'artifacts'))).sort()).toEqual(
      ['a1', 'a2']
        .flatMap((host) =>
          ['after', 'before'].flatMap((label) =>
            ['docker', 'netstat-full', 'netstat']
              .map((kind) => `${host}.${kind}.${label}.txt`)
              .concat(`${host}.executors.${label}.json`),
          ),
        )
        .sort(),
    );
    const kept = (name: string) => readFile(join(run.fleet.directory, 'artifacts', name), 'utf8');
    expect(await kept('a1.netstat.before.txt')).toMatch(/:5051 +ESTABLISHED \d+\/mesos-executo/);
    expect(await kept('a1.netstat.before.txt')).not.toMatch(/mesos-slave|LISTEN/);
    expect(await kept('a1.netstat-full.before.txt')).toMatch(/LISTEN +\d+\/mesos-slave/);
    expect(JSON.parse(await kept('a1.executors.before.json'))).toMatchObject(
      STALE.map(({ kind }) => ({ http: kind === 'http', recovery_timeout_seconds: 900, standing: 'linked' })),
    );
  });

  it('is needed: the same executors are lost when the agent is restarted without it', async () => {
    fleet = await startFleet({ hosts: [{ name: 'a1', executors: STALE }] });
    const state = fleet.hosts.get('a1')?.state;
    state?.mesos?.stopAgent();
    state?.mesos?.startAgent();
    state?.advance(3000);
    const lost = state?.mesos?.executors.filter(({ fate }) => fate === 'lost').map(({ spec }) => spec.kind);
    expect(lost).toEqual(['docker', 'command', 'command', 'custom']);
  });

  it('does no harm the second time', async () => {
    const run = await roll({ name: 'a1', executors: STALE.map((each) => ({ ...each, idleDays: 0 })) });
    expect(run.code).toBe(0);
    expect(new Set(Object.values(run.fates('a1')))).toEqual(new Set(['running']));
  });

  it('names an executor without checkpointing, does not touch it, and does not count it as lost', async () => {
    const run = await roll({ name: 'a1', executors: [{ id: 'safe' }, { id: 'unsafe', checkpoint: false }] });
    expect(run.code).toBe(0);
    const shut = run.steps.find(({ task }) => task === "Shut the executors' links");
    expect(shut?.result.msg).toContain('"unsafe"');
    expect(shut?.result.msg).toContain('does not checkpoint');
    expect(run.fates('a1').safe).toBe('running');
    expect(last(run, 'a1')?.status).toBe('ok');
  });

  it('leaves alone who waits already, and brings it home', async () => {
    const run = await roll({ name: 'a1', executors: [{ id: 'waits', alreadyWaiting: true }, { id: 'other' }] });
    expect(run.code).toBe(0);
    expect(run.fates('a1')).toEqual({ waits: 'running', other: 'running' });
  });

  it.each<[string, Partial<HostSpec>, string, RegExp, number]>([
    ['Docker is down', { dockerDown: true }, 'The image with gdb is there', /Docker does not answer/, 0],
    [
      'gdb cannot attach',
      { gdbCannotAttach: true },
      "Shut the executors' links",
      /ptrace: Operation not permitted|without a process/,
      1,
    ],
    ['shutdown() fails', { shutdownFails: true }, "Shut the executors' links", /shutdown returned -1/, 1],
    ['no agent is there', { agent: 'none' }, 'See agent and executors as they are', /is it an agent/, -1],
    ['sudo refuses', { sudoPassword: 'secret' }, 'See agent and executors as they are', /password is required/, 0],
  ])('fails the host where %s, says so, and restarts only what it began', async (_, spec, task, why, starts) => {
    const run = await roll({ name: 'a1', executors: [{ id: 'x', idleDays: 1 }], ...spec });
    expect(run.code).toBe(2);
    expect(failure(run, 'a1')).toMatchObject({ task, status: 'failed' });
    expect(failure(run, 'a1')?.result.msg).toMatch(why);
    expect(run.starts('a1') ?? -1).toBe(starts);
    expect(Object.values(run.fates('a1')).every((fate) => fate === 'running')).toBe(true);
  });

  it('ends with 5 when a task was lost, and names it', async () => {
    const run = await roll({ name: 'a1', executors: [{ id: 'x' }], restartSeconds: 80 });
    expect(run.code).toBe(5);
    expect(failure(run, 'a1')).toMatchObject({ task: 'Every executor is back' });
    expect(failure(run, 'a1')?.result.msg).toContain('lost, remedy their tasks: "x"');
  });

  it('says what to do when the agent does not come back', async () => {
    const run = await roll({ name: 'a1', executors: [{ id: 'x' }], agentStaysDown: true });
    expect(run.code).toBe(2);
    expect(failure(run, 'a1')).toMatchObject({ task: 'Restart the agent' });
    expect(failure(run, 'a1')?.result.msg).toContain('journalctl -u dcos-mesos-slave.service');
  });
});
