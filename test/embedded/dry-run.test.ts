import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runsOfPlan } from '../../src/journal/runs-of-plan.ts';
import { rollgate as desk, type Ended } from './desk.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { SimulatedHost } from './simulated/host.ts';

const PLAYBOOK = fileURLToPath(new URL('../../playbooks/executor-shutdown.yml', import.meta.url));
const EXECUTORS = [
  { id: 'web', kind: 'docker' },
  { id: 'nightly report', kind: 'command' },
  { id: 'frail', kind: 'command', checkpoint: false },
] as const;

let fleet: Fleet;

beforeEach(async () => {
  fleet = await startFleet({
    hosts: [
      { name: 'a1', executors: EXECUTORS },
      { name: 'a2', agent: 'public', executors: EXECUTORS },
      { name: 'other', agent: 'none' },
    ],
  });
  await mkdir(join(fleet.directory, 'artifacts'));
});
afterEach(() => fleet.stop());

/** With what the playbook wants to be given. */
function rollgate(...argv: readonly string[]): Promise<Ended> {
  const variables = {
    gdb_image: fleet.gdbImage.id,
    gdb_archive: fleet.gdbImage.archive,
    artifacts: join(fleet.directory, 'artifacts'),
    watch: 0,
  };
  return desk(fleet.directory, ...argv, '-i', fleet.inventoryFile, '-e', JSON.stringify(variables));
}

/** Everything that can be told of a host: files with their times, processes, sockets, images, containers, units. */
async function traces({ files, processes, sockets, images, containers, locks, transient, mesos }: SimulatedHost) {
  // A device: what is thrown away into it leaves nothing.
  const paths = files.getAllPaths().filter((path) => path !== '/dev/null');
  const stats = await Promise.all(paths.map((path) => files.lstat(path)));
  return {
    files: paths.map((path, index) => [path, stats[index]?.mtime.getTime(), stats[index]?.size, stats[index]?.mode]),
    processes: [...processes.values()].map(({ pid, argv, fds }) => [pid, argv, [...fds]]),
    sockets: [...sockets.values()],
    held: [[...images], [...containers], [...locks], [...transient]],
    agent: [mesos?.agent.starts, mesos?.agent.state, mesos?.executors.map(({ fate }) => fate)],
  };
}

const allTraces = () => Promise.all([...fleet.hosts.values()].map(({ state }) => traces(state)));
const pidsOf = (host: string) =>
  (fleet.hosts.get(host)?.state.mesos?.executors ?? []).map(({ process }) => process.pid);

describe('a dry run on embedded hosts', () => {
  it.each([
    ['run --check', ['run', PLAYBOOK, '--check', '--diff']],
    ['plan --probe', ['plan', PLAYBOOK, '--probe']],
  ])(
    '%s leaves nothing behind on any host, nor among what is kept of them',
    async (_, argv) => {
      const before = await allTraces();
      const ended = await rollgate(...argv);
      expect(await allTraces()).toEqual(before);
      expect(await readdir(join(fleet.directory, 'artifacts'))).toEqual([]);
      // The host without an agent fails in earnest.
      expect(ended).toMatchObject({ code: 2 });
    },
    90_000,
  );

  it('tells the exact commands, names who will die, and folds nothing that differs', async () => {
    const { out, code } = await rollgate('plan', PLAYBOOK, '--probe', '-l', 'a1,a2');
    expect(code).toBe(0);
    // Lines are broken at blanks.
    const said = out.slice(out.indexOf('What the hosts said')).replaceAll(/\s+/g, ' ');
    for (const host of ['a1', 'a2']) {
      const [web, nightly, frail] = pidsOf(host);
      expect(said).toContain(`would shut fd 6 of "web" (pid ${web}), fd 6 of "nightly report" (pid ${nightly})`);
      expect(said).toMatch(new RegExp(`executor "frail" \\(pid ${frail}\\)`));
    }
    expect(said).toContain('restart dcos-mesos-slave.service');
    expect(said).toContain('restart dcos-mesos-slave-public.service');
    expect(said).toContain('Tasks that will die');
    expect(said).toMatch(/a1 \(1 host\): would be changed/);
  });

  it('shows what would change in a file, and changes it in no host', async () => {
    const playbook = join(fleet.directory, 'copy.yml');
    const task = { name: 'greet', copy: { dest: '/etc/motd', content: 'new words\n' } };
    await writeFile(playbook, JSON.stringify([{ hosts: 'a1', tasks: [task] }]));
    await fleet.hosts.get('a1')?.state.files.writeFile('/etc/motd', 'old words\n');
    const { out, code } = await rollgate('run', playbook, '--check', '--diff');
    expect(code).toBe(0);
    expect(out).toMatch(/greet \| would change/);
    expect(out).toMatch(/-old words\n +\+new words/);
    expect(await fleet.hosts.get('a1')?.state.files.readFile('/etc/motd')).toBe('old words\n');
  });

  it('of an approved plan is no run of it', async () => {
    const saved = await rollgate('plan', PLAYBOOK, '-l', 'a1', '-o', 'p.json');
    expect(saved.code).toBe(0);
    for (const _ of [1, 2]) expect((await desk(fleet.directory, 'run', '--plan', 'p.json', '--check')).code).toBe(0);
    const id = JSON.parse(await readFile(join(fleet.directory, 'p.json'), 'utf8')).id;
    expect(await runsOfPlan(join(fleet.directory, '.rollgate'), id)).toEqual([]);
  });

  it('writes what the hosts said into the documents, with its time', async () => {
    const { code } = await rollgate('plan', PLAYBOOK, '--probe', '-l', 'a1', '-o', 'p.md', '-o', 'p.json');
    expect(code).toBe(0);
    const document = await readFile(join(fleet.directory, 'p.md'), 'utf8');
    expect(document).toMatch(/Asked from \d{4}-\d\d-\d\dT/);
    expect(document).toContain('Tasks that will die');
  });

  it('is loud, is nobody’s latest run, and cannot be gone on with', async () => {
    const { out, code } = await rollgate('run', PLAYBOOK, '--check', '-l', 'a1', '--detailed-exitcode');
    expect(code).toBe(20);
    expect(out.match(/DRY RUN/g)).toHaveLength(2);
    expect(out).not.toContain('To go on');
    const [run = ''] = await readdir(join(fleet.directory, '.rollgate/runs'));
    const journal = await readFile(join(fleet.directory, '.rollgate/runs', run, 'journal.jsonl'), 'utf8');
    expect(JSON.parse(journal.split('\n')[0] ?? '')).toMatchObject({ type: 'run_started', check: true });
    const latest = (await desk(fleet.directory, 'resume', '--yes')).code;
    expect(latest).toBe(65);
    expect((await desk(fleet.directory, 'resume', run, '--yes')).code).toBe(65);
    expect(await readdir(join(fleet.directory, '.rollgate'))).toEqual(['runs']);
  });
});
