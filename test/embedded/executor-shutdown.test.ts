import { mkdirSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Ledger } from '../../src/ledger/ledger.ts';
import { rollgate } from './desk.ts';
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
  /** By host: how long its window is, in seconds. */
  readonly windows: Readonly<Record<string, number>>;
  readonly fleet: Fleet;
  /** What became of each executor of a host, by id. */
  fates(host: string): Readonly<Record<string, Fate>>;
  starts(host: string): number | undefined;
}

async function roll(...hosts: readonly HostSpec[]): Promise<Ended> {
  return rollWith(() => ({}), ...hosts);
}

async function rollWith(more: (fleet: Fleet) => object, ...hosts: readonly HostSpec[]): Promise<Ended> {
  const started = await startFleet({ hosts });
  fleet = started;
  const artifacts = join(started.directory, 'artifacts');
  await mkdir(artifacts);
  const variables = {
    gdb_image: started.gdbImage.id,
    gdb_archive: started.gdbImage.archive,
    artifacts,
    watch: 0,
    ...more(started),
  };
  const { code, out } = await rollgate(
    started.directory,
    ...['run', PLAYBOOK, '-i', started.inventoryFile, '-e', JSON.stringify(variables), '--yes', '--format', 'json'],
  );
  const lines = out.split('\n').filter((line) => line !== '');
  const events = lines.map((line) => JSON.parse(line));
  const opened = events.filter(({ type }) => type === 'window_opened');
  const mesosOf = (host: string) => started.hosts.get(host)?.state.mesos;
  return {
    code,
    steps: events.filter(({ type }) => type === 'step_finished'),
    windows: Object.fromEntries(opened.map(({ host, lengthMs }) => [host, lengthMs / 1000])),
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

const SHUT = "Shut the executors' links and restart the agent";

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
        .concat(['a1.remedy.json', 'a2.remedy.json', 'save_exec.out.a1', 'save_exec.out.a2'])
        .sort(),
    );
    const kept = (name: string) => readFile(join(run.fleet.directory, 'artifacts', name), 'utf8');
    expect(await kept('save_exec.out.a1')).toContain('$1 = 0');
    expect(await kept('a1.netstat.before.txt')).toMatch(/:5051 +ESTABLISHED \d+\/mesos-executo/);
    expect(await kept('a1.netstat.before.txt')).not.toMatch(/mesos-slave|LISTEN/);
    expect(await kept('a1.netstat-full.before.txt')).toMatch(/LISTEN +\d+\/mesos-slave/);
    expect(JSON.parse(await kept('a1.executors.before.json'))).toMatchObject(
      STALE.map(({ kind }) => ({ http: kind === 'http', recovery_timeout_seconds: 900, standing: 'linked' })),
    );
  });

  it('notes until when the new links are good, on the bastion and on the host', async () => {
    const run = await roll({ name: 'a1', executors: STALE }, { name: 'a2', executors: STALE, agent: 'public' });
    const ledger = new Ledger(join(run.fleet.directory, '.rollgate/ledger.jsonl'));
    ledger.refresh();
    const entries = [...(ledger.all.get('agent-links')?.values() ?? [])];
    expect(entries.map(({ host, state }) => `${host} ${state}`).toSorted()).toEqual(['a1 good', 'a2 good']);
    for (const { machine: _, host, plan: __, ...note } of entries) {
      const file = await run.fleet.hosts.get(host)?.state.fs.readFile('/var/lib/rollgate/ledger');
      expect(JSON.parse(String(file))).toEqual(note);
      if (note.state === 'good') expect(Date.parse(note.until) - Date.parse(note.renewedAt)).toBe(432_000_000);
    }
  });

  it('has as long as the least patient executor of each host: of 2 minutes and 24 hours, 2 minutes', async () => {
    const [hasty, patient] = [
      { id: 'hasty', recoveryMinutes: 2 },
      { id: 'patient', recoveryMinutes: 24 * 60 },
    ];
    const run = await roll(
      { name: 'a1', executors: [patient, hasty] },
      { name: 'a2', executors: [patient] },
      { name: 'a3', executors: [patient, { ...hasty, checkpoint: false }] },
    );
    expect(run.windows).toEqual({ a1: 120, a2: 86_400, a3: 86_400 });
    expect(run.fates('a1')).toEqual({ hasty: 'running', patient: 'running' });
    const script = String(
      await run.fleet.hosts.get('a1')?.state.fs.readFile('/var/lib/rollgate/executor-shutdown/procedure.sh'),
    );
    expect(script).toContain('length=120\nreserve=24\n');
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

  it('goes through with a host, from the shutdown to the end, whatever others wait for', {
    timeout: 120_000,
  }, async () => {
    const [begin, verify] = [/END_OF_PROCEDURE/, /Finished recovery/];
    let passed: Promise<readonly unknown[]> | undefined;
    const watch = ({ hosts }: Fleet) => {
      const slow = hosts.get('slow');
      const [stopped, seen] = [slow?.hold(begin), hosts.get('quick')?.hold(verify)];
      passed = Promise.all([stopped?.reached, seen?.reached]).then(() => {
        const starts = ['slow', 'quick'].map((host) => hosts.get(host)?.state.mesos?.agent.starts);
        stopped?.release();
        seen?.release();
        return starts;
      });
      return {};
    };
    const run = await rollWith(
      watch,
      ...['first', 'slow', 'quick'].map((name) => ({ name, executors: [{ id: 'x' }] })),
    );
    expect(await passed).toEqual([0, 1]);
    expect(run.code).toBe(0);
    for (const host of ['first', 'slow', 'quick'])
      expect(new Set(Object.values(run.fates(host)))).toEqual(new Set(['running']));
  });

  it('goes on with the others where a host does not answer', async () => {
    const run = await roll({ name: 'a1' }, { name: 'a2', down: true }, { name: 'a3', executors: STALE });
    expect(run.code).toBe(4);
    expect(last(run, 'a2')).toMatchObject({ task: 'The host answers', status: 'unreachable' });
    expect(new Set(Object.values(run.fates('a3')))).toEqual(new Set(['running']));
    expect(run.starts('a3')).toBe(1);
  });

  it.each<[string, Partial<HostSpec>, boolean]>([
    ['went well', {}, false],
    ['lost a task', { restartSeconds: 80 }, true],
  ])('stops RexRay where it is asked for, on a host that %s', async (_, spec, stays) => {
    const host = { name: 'a1', executors: [{ id: 'x' }], rexray: { volumes: [] }, ...spec };
    const run = await rollWith(() => ({ rexray: true }), host);
    expect(run.fleet.hosts.get('a1')?.state.rexray).toMatchObject({ active: stays, enabled: stays });
  });

  it('names an executor without checkpointing, does not touch it, and does not count it as lost', async () => {
    const run = await roll({ name: 'a1', executors: [{ id: 'safe' }, { id: 'unsafe', checkpoint: false }] });
    expect(run.code).toBe(0);
    const shut = run.steps.find(({ task }) => task === SHUT);
    expect(shut?.result.msg).toContain('"unsafe"');
    expect(shut?.result.msg).toContain('does not checkpoint');
    expect(run.fates('a1').safe).toBe('running');
    expect(run.steps.filter(({ status }) => status === 'failed')).toEqual([]);
  });

  it('shuts nothing where an executor waits already, and restarts the agent at once', async () => {
    const run = await roll({
      name: 'a1',
      executors: [
        { id: 'waits', alreadyWaiting: true },
        { id: 'other', idleDays: 1 },
      ],
    });
    expect(run.steps.find(({ task }) => task === SHUT)?.result).toMatchObject({ shut: [] });
    expect(run.code).toBe(0);
    expect(run.fates('a1')).toEqual({ waits: 'running', other: 'running' });
  });

  it.each<[string, Partial<HostSpec>, string, RegExp, number]>([
    ['the disk is full', { freeKib: 0 }, 'The image with gdb is there', /0\.0 MiB free.*nothing was sent/, 0],
    ['Docker is down', { dockerDown: true }, 'The image with gdb is there', /Docker does not answer/, 0],
    ['shutdown() fails', { shutdownFails: true }, SHUT, /the agent was not restarted.*shutdown returned -1/, 0],
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

  it('refuses the host where gdb cannot attach, before anything is touched', async () => {
    const run = await roll({ name: 'a1', executors: [{ id: 'x' }], gdbCannotAttach: true });
    expect(run.code).toBe(3);
    expect(last(run, 'a1')).toMatchObject({ task: SHUT, status: 'refused' });
    expect(last(run, 'a1')?.result.msg).toMatch(/nothing was touched: gdb cannot work on this host/);
    expect(run.starts('a1')).toBe(0);
    expect(run.fates('a1')).toEqual({ x: 'running' });
  });

  it.each<[string, (fleet: Fleet) => object, RegExp]>([
    ['has another digest', () => ({ gdb_archive_sha256: '0'.repeat(64) }), /has the SHA-256 [0-9a-f]{64}, not 0{64}/],
    ['holds another image', () => ({ gdb_image: `sha256:${'0'.repeat(64)}` }), /no image sha256:0{64} now/],
    ['is not there', () => ({ gdb_archive: '/not/here' }), /\/not\/here cannot be read on the bastion/],
  ])('touches no executor where the archive %s', async (_, given, why) => {
    const run = await rollWith(given, { name: 'a1', executors: [{ id: 'x' }] });
    expect(run.code).toBe(2);
    expect(failure(run, 'a1')).toMatchObject({ task: 'The image with gdb is there', status: 'failed' });
    expect(failure(run, 'a1')?.result.msg).toMatch(why);
    expect(run.starts('a1')).toBe(0);
  });

  it('takes the image from a registry where there is no archive', async () => {
    const registry = ({ gdbImage: { id } }: Fleet) => ({ gdb_archive: undefined, gdb_registry: `tools/gdb@${id}` });
    const run = await rollWith(registry, { name: 'a1', executors: STALE });
    expect(run.code).toBe(0);
    expect(new Set(Object.values(run.fates('a1')))).toEqual(new Set(['running']));
  });

  it('goes on with an archive of which a part is there', async () => {
    const part = { '/var/lib/rollgate/gdb-image.tar': 'an image archive as' };
    const run = await roll({ name: 'a1', executors: [{ id: 'x' }], files: part });
    expect(run.code).toBe(0);
    const brought = run.steps.find(({ task }) => task === 'The image with gdb is there');
    expect(brought?.result).toMatchObject({ sent: ' the simulated Docker loads it\n'.length });
  });

  it('ends with 5 when a task was lost, and names it', async () => {
    const run = await roll({ name: 'a1', executors: [{ id: 'x' }], restartSeconds: 80 });
    expect(run.code).toBe(5);
    const ledger = new Ledger(join(run.fleet.directory, '.rollgate/ledger.jsonl'));
    ledger.refresh();
    expect(ledger.all.size).toBe(0);
    expect(failure(run, 'a1')).toMatchObject({ task: 'Every executor is back' });
    expect(failure(run, 'a1')?.result.msg).toContain('lost, remedy their tasks: "x"');
  });

  it('verifies a host all the same where what gdb printed cannot be kept', async () => {
    const occupied = ({ directory }: Fleet) => {
      mkdirSync(join(directory, 'artifacts/save_exec.out.a1'));
      return {};
    };
    const run = await rollWith(occupied, { name: 'a1', executors: [{ id: 'x' }] });
    expect(run.code).toBe(2);
    expect(failure(run, 'a1')).toMatchObject({ task: SHUT });
    expect(failure(run, 'a1')?.result.msg).toContain('all this is done, but what gdb printed could not be kept');
    expect(run.fates('a1')).toEqual({ x: 'running' });
    expect(last(run, 'a1')).toMatchObject({ status: 'skipped', task: 'Tasks that are gone have successors' });
    for (const task of ['Every executor is back', 'Every executor stays'])
      expect(run.steps.find((step) => step.task === task)).toMatchObject({
        status: 'ok',
        result: { lost: [], relinked: [{ id: 'x' }] },
      });
  });

  it('says what to do when the agent does not come back', async () => {
    const run = await roll({ name: 'a1', executors: [{ id: 'x', recoveryMinutes: 1 }], agentStaysDown: true });
    expect(run.code).toBe(5);
    expect(failure(run, 'a1')).toMatchObject({ task: SHUT });
    expect(failure(run, 'a1')?.result.msg).toContain('journalctl -u dcos-mesos-slave.service');
    const stays = run.steps.find(({ task }) => task === 'Every executor stays');
    expect(stays?.result.msg).toContain('lost, remedy their tasks: "x"');
  });
});
