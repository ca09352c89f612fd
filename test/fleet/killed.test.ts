import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stamped } from '../../src/journal/event.ts';
import { readJournal } from '../../src/journal/read.ts';
import { findRun } from '../../src/journal/run-folder.ts';
import type { Call } from '../e2e/desk.ts';
import { type Death, type Left, someDeaths, startToDie } from './deaths.ts';
import { type Fleet, fleetMissing, startFleet } from './fleet.ts';
import { buildGdbImage } from './gdb-images.ts';
import type { FleetHost } from './host.ts';
import { BUILD_TIMEOUT_MS } from './image.ts';
import { finished, Operator, type Run, verdict } from './operator.ts';

/** How often rollgate is killed in all, and by which numbers; the environment may give others. */
const KILLS = Number(process.env.ROLLGATE_KILLS ?? 30);
const SEED = Number(process.env.ROLLGATE_SEED ?? 20250101);
/** Bastions side by side, each with hosts of its own: most of a run is waiting. */
const LANES = [
  ['one', 'two'],
  ['three', 'four'],
] as const;
const FOLDER = '/var/lib/rollgate/executor-shutdown';

/** What a run leaves alone on a host, and what it makes new there. */
interface Seen {
  readonly executors: readonly unknown[];
  readonly links: readonly string[];
  readonly agentStarts: number;
}

async function look(host: FleetHost): Promise<Seen> {
  const executors = await host.executors();
  return {
    executors: executors.map(({ id, pid, start, alive }) => ({ id, pid, start, alive })),
    links: executors.flatMap(({ links }) => links.map(({ local }) => local)),
    agentStarts: Number(await host.read(`journalctl -o cat -u ${host.unit} | grep -c '^Started '`)),
  };
}

/** Makes the links stale again; what netfilter knows of earlier ones could meet a new one by chance. */
async function spoil(host: FleetHost): Promise<void> {
  await host.read('iptables -F INPUT; iptables -F OUTPUT');
  await host.makeStale();
}

/** A bastion, and the hosts that it works on. */
class Lane {
  readonly hosts: readonly FleetHost[];
  readonly #operator: Operator;

  constructor(operator: Operator, hosts: readonly FleetHost[]) {
    this.#operator = operator;
    this.hosts = hosts;
  }

  /** A run that is killed there, resumed each time, and comes to its end. */
  async live(deaths: readonly Death[], whole: Left): Promise<{ readonly last: Run; readonly kills: number }> {
    const names = this.hosts.map(({ name }) => name);
    let start = (env: NodeJS.ProcessEnv): Call => this.#operator.start('executor-shutdown.yml', names, { env });
    let left = whole;
    let kills = 0;
    for (const death of deaths) {
      const leg = await finished(startToDie(start, death, left));
      if (leg.signal !== 'SIGKILL') return { last: leg, kills };
      kills += 1;
      start = (env) => this.#operator.call(['resume', '--yes', '--format', 'json'], env);
      const lines = Math.max(0, whole.lines - (await this.journal()).length);
      left = { lines, events: (whole.events * lines) / whole.lines };
    }
    return { last: await finished(start({})), kills };
  }

  /** Of the latest run. */
  async journal(): Promise<readonly Stamped[]> {
    const found = await findRun(this.#operator.state);
    if (!found.ok) throw new Error(found.reason);
    const read = readJournal(readFileSync(found.folder.journalFile));
    if (!read.ok) throw new Error(read.reason);
    return read.events;
  }

  /** The hosts of all entries. */
  ledger(): readonly string[] {
    const lines = readFileSync(`${this.#operator.state}/ledger.jsonl`, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line).host);
  }

  close(): Promise<void> {
    return this.#operator.close();
  }
}

/** What each task came to on each host. One that a probe finds done after a break is as good as done. */
function cameTo(events: readonly Stamped[]): readonly string[] {
  return events
    .flatMap((event) =>
      event.type === 'step_finished'
        ? [`${event.host} ${event.taskId} ${event.status === 'changed' ? 'ok' : event.status}`]
        : [],
    )
    .toSorted();
}

describe.skipIf(fleetMissing())('rollgate, killed again and again while it works on real hosts', () => {
  let fleet: Fleet;
  let lanes: readonly Lane[] = [];

  beforeAll(async () => {
    const executors = [{ id: 'web' }, { id: 'nightly report' }];
    const names = LANES.flat();
    fleet = await startFleet({
      hosts: names.map((name) => ({ name, executors, flags: { recovery_timeout: '60secs' } })),
    });
    const image = buildGdbImage(fleet.folder);
    lanes = LANES.map(
      (names) =>
        new Lane(
          new Operator(fleet, image),
          names.map((name) => fleet.host(name)),
        ),
    );
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await Promise.all(lanes.map((lane) => lane.close()));
    await fleet?.stop();
  });

  /** One run, disturbed or not, and that nothing was lost on its hosts, done twice or left out. */
  async function liveWell(lane: Lane, deaths: readonly Death[], whole: Left, label: string) {
    await Promise.all(lane.hosts.map(spoil));
    const before = await Promise.all(lane.hosts.map(look));
    const { last, kills } = await lane.live(deaths, whole);
    const turnedAway = last.events.flatMap(({ type, host, reason }) =>
      type === 'host_refused' ? [`${host}: ${reason}`] : [],
    );
    const failed = lane.hosts.map(({ name }) => verdict(last, name).msg).filter((msg) => msg !== '');
    expect([last.code, last.stderr, ...turnedAway, ...failed], label).toEqual([0, '']);
    for (const [index, host] of lane.hosts.entries())
      await expectRenewed(host, before[index], `${host.name}, ${label}`);
    const journal = await lane.journal();
    const ends = cameTo(journal).map((line) => line.replace(/ \S+$/, ''));
    expect(ends, `a step ended twice: ${label}`).toEqual([...new Set(ends)]);
    return { journal, told: last.events.length, kills };
  }

  async function expectRenewed(host: FleetHost, before: Seen | undefined, label: string): Promise<void> {
    const after = await look(host);
    expect(after.executors, label).toEqual(before?.executors);
    expect(after.links.length, label).toBe(before?.links.length);
    expect(
      after.links.filter((link) => before?.links.includes(link)),
      label,
    ).toEqual([]);
    expect(after.agentStarts, label).toBe((before?.agentStarts ?? 0) + 1);
    const shut = await host.read(`sed -n 's/.* shutdown([0-9]*,0) in \\([0-9]*\\) returned 0$/\\1/p' ${FOLDER}/log`);
    expect(shut.split('\n').toSorted(), label).toEqual(
      (await host.executors()).map(({ pid }) => String(pid)).toSorted(),
    );
    expect(await host.read('docker ps -aq --filter name=rollgate'), label).toBe('');
    expect(await host.read('grep ^phase /var/lib/rollgate/windows/executor-shutdown'), label).toBe('phase closed');
    const guard = await host.exec('systemctl is-active rollgate-guard-executor-shutdown.timer');
    expect(guard.stdout.trim(), label).toBe('inactive');
  }

  it(`comes to what an undisturbed run comes to, ${KILLS} times: no executor lost, nothing done twice, nothing left out`, async () => {
    const histories = fc.sample(someDeaths, { seed: SEED, numRuns: KILLS });
    let begun = 0;
    let killed = 0;
    const live = async (lane: Lane): Promise<void> => {
      const undisturbed = await liveWell(lane, [], { lines: 0, events: 0 }, 'undisturbed');
      const whole = { lines: undisturbed.journal.length, events: undisturbed.told };
      for (let runs = 2; killed < KILLS; runs++) {
        const number = begun++;
        const deaths =
          histories[number] ?? expect.fail(`${number} histories are over, and it was killed only ${killed} times`);
        const label = `history ${number} of ROLLGATE_SEED=${SEED}: ${JSON.stringify(deaths)}`;
        const { journal, kills } = await liveWell(lane, deaths, whole, label);
        killed += kills;
        expect(cameTo(journal), label).toEqual(cameTo(undisturbed.journal));
        const entries = lane.hosts.flatMap(({ name }) => Array.from({ length: runs }, () => name));
        expect(lane.ledger().toSorted(), label).toEqual(entries.toSorted());
      }
    };
    await Promise.all(lanes.map(live));
    console.info(`${begun} histories, killed ${killed} times`);
  }, 1_800_000);
});
