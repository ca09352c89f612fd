import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rollgate } from './desk.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { SimulatedHost } from './simulated/host.ts';

const PLAYBOOK = fileURLToPath(new URL('../../playbooks/executor-shutdown.yml', import.meta.url));
const SEEN = 'See agent and executors as they are';

/** What becomes of hosts between the plan and its run, and what is said of it; nothing: the host is let in. */
const BETWEEN: Readonly<Record<string, readonly [(host: SimulatedHost) => void, RegExp | undefined]>> = {
  steady: [() => {}, undefined],
  // Links, ages and clocks go on.
  aged: [(host) => host.advance(3_600_000), undefined],
  busier: [(host) => host.mesos?.launch({ id: 'fresh' }), undefined],
  booted: [
    (host) => Object.assign(host, { bootId: 'b0070000-0000-4000-8000-ffffffffffff' }),
    /the boot id was b0070000-\S+, and is b0070000-0000-4000-8000-ffffffffffff/,
  ],
  upgraded: [
    (host) => Object.assign(host.spec, { agentVersion: '1.4.0' }),
    /the running agent's version was 1\.0\.3, and is 1\.4\.0/,
  ],
  restarted: [
    (host) => {
      host.mesos?.stopAgent();
      host.mesos?.startAgent();
    },
    /the agent's start \(boot\/pid\/ticks\) was b0070000-\S+\/1001\/\d+, and is b0070000-\S+/,
  ],
  renamed: [
    (host) => {
      Object.assign(host.mesos?.agent ?? {}, { id: 'another-S9' });
      host.remember('another-S9');
    },
    /the agent's id was \S+-S1, and is another-S9/,
  ],
  bereft: [
    (host) => {
      const gone = host.mesos?.executors[1]?.process.pid;
      for (const { pid, ppid } of [...host.processes.values()]) if (pid === gone || ppid === gone) host.end(pid);
    },
    /executor "nightly report" with "nightly report" was pid \d+ \(began at tick \d+\), and is gone/,
  ],
};

const NAMES = Object.keys(BETWEEN);
const DRIFTED = NAMES.filter((name) => BETWEEN[name]?.[1] !== undefined);

interface Told {
  readonly type: string;
  readonly host?: string;
  readonly task?: string;
  readonly status?: string;
  readonly result?: { readonly msg?: string };
}

describe('hosts that have changed since their plan was approved', () => {
  let fleet: Fleet;
  let events: readonly Told[];
  let code: number;

  const state = (name: string) => {
    const host = fleet.hosts.get(name)?.state;
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  };
  const call = (...argv: readonly string[]) => rollgate(fleet.directory, ...argv);
  const look = (host: string) =>
    events.find((event) => event.type === 'step_finished' && event.host === host && event.task === SEEN);

  beforeAll(async () => {
    const executors = [
      { id: 'web', kind: 'docker', idleDays: 0 },
      { id: 'nightly report', idleDays: 0 },
    ] as const;
    fleet = await startFleet({ hosts: NAMES.map((name) => ({ name, executors })) });
    const { id: gdb_image, archive: gdb_archive } = fleet.gdbImage;
    const artifacts = join(fleet.directory, 'artifacts');
    await mkdir(artifacts);
    const given = JSON.stringify({ gdb_image, gdb_archive, artifacts, watch: 0, max_failures: 0 });
    const line = ['plan', PLAYBOOK, '-i', fleet.inventoryFile, '-e', given, '--probe', '-o', 'plan.json'];
    expect(await call(...line)).toMatchObject({ code: 0 });
    for (const name of NAMES) BETWEEN[name]?.[0](state(name));
    const run = await call('run', '--plan', 'plan.json', '--yes', '--format', 'json');
    code = run.code;
    events = run.out.split('\n').flatMap((text) => (text === '' ? [] : [JSON.parse(text)]));
  }, 120_000);
  afterAll(() => fleet?.stop());

  it.each(DRIFTED)('are turned away, each by itself, before anything is done to them: %s', (name) => {
    expect(look(name)).toMatchObject({
      status: 'refused',
      result: { msg: expect.stringMatching(BETWEEN[name]?.[1] ?? /^$/) },
    });
    expect(look(name)?.result?.msg).toContain('plan --probe');
    expect(state(name).transient.size).toBe(0);
    expect(state(name).images.size).toBe(0);
  });

  it.each(NAMES.filter((name) => !DRIFTED.includes(name)))(
    'are let in where they are what was approved: %s',
    (name) => {
      expect(look(name)?.status).toBe('ok');
      expect(state(name).mesos?.agent.starts).toBe(1);
      expect(state(name).mesos?.executors.map(({ fate }) => fate)).not.toContain('lost');
    },
  );

  it('are told apart from what is only new, which is said', () => {
    expect(look('busier')?.result?.msg).toMatch(/new since the plan was approved: executor "fresh" \(pid \d+\)/);
    expect(look('steady')?.result?.msg).not.toContain('approved');
  });

  it('are no failures, and can be gone on with once they are as they were', async () => {
    expect(code).toBe(3);
    expect(events.filter(({ status }) => status === 'failed')).toEqual([]);
    const [refused] = (await call('resume', '--yes', '-l', 'upgraded')).out.match(/refused/) ?? [];
    expect(refused).toBe('refused');
    Object.assign(state('upgraded').spec, { agentVersion: '1.0.3' });
    await call('resume', '--yes', '-l', 'upgraded');
    expect(state('upgraded').mesos?.agent.starts).toBe(1);
  });

  it('are held to what they said by nobody but who was shown it', async () => {
    const file = join(fleet.directory, 'plan.json');
    const saved = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify(saved).replaceAll('"version":"1.0.3"', '"version":"1.4.0"'));
    const { code: exitCode, err } = await call('run', '--plan', 'plan.json', '--yes');
    expect([exitCode, err]).toEqual([
      65,
      expect.stringContaining('what its hosts said was changed after it was saved'),
    ]);
    await writeFile(file, JSON.stringify(saved));
    const shown = await call('show', 'plan.json');
    expect(shown.out).toContain('What the hosts said');
    expect(shown.out.replaceAll(/\s+/g, ' ')).toContain(saved.observedId);
  });
});
