import { describe, expect, it } from 'vitest';
import { judgeOrder, type OrderRequest } from '../../src/engine/judge-order.ts';
import type { Orders } from '../../src/engine/orders.ts';
import type { Order, RunEvent } from '../../src/journal/event.ts';
import { exitCodeOf } from '../../src/journal/exit-code.ts';
import { type Progress, replay } from '../../src/journal/progress.ts';
import { stamp } from '../../src/journal/stamp.ts';
import { HOSTS, planOf, run, type Setup, stepsOf } from './harness.ts';

const ADA = { user: 'ada', bastion: 'bastion', terminal: 'pts/3' };
const BOB = { user: 'bob', bastion: 'bastion', terminal: 'pts/7' };

const THREE = `
- name: Roll
  hosts: all
  tasks:
    - {name: one, raw: one}
    - {name: two, raw: two}
    - {name: three, raw: three}
`;

const SERIAL = THREE.replace('hosts: all', 'hosts: all\n  serial: 1');

type Asked = Omit<OrderRequest, 'by' | 'reason'>;

function progressOf(events: readonly RunEvent[]): Progress {
  return replay(events.map((event) => stamp(event, new Date(0))));
}

/** Judges against what has been recorded, as a process does, and gives it. */
function say(asked: Asked, setup: Setup, events: readonly RunEvent[], orders: Orders): Promise<unknown> {
  const order = orderOf(asked, setup, events, true);
  return orders.give(order);
}

function orderOf(asked: Asked, setup: Setup, events: readonly RunEvent[], isUnderWay = false): Order {
  const judged = judge(asked, setup, events, isUnderWay);
  if (!judged.ok) throw new Error(judged.reason);
  return judged.order;
}

function judge(asked: Asked, setup: Setup, events: readonly RunEvent[], isUnderWay = false) {
  return judgeOrder({ ...asked, reason: 'because', by: BOB }, planOf(setup).plan, progressOf(events), isUnderWay);
}

function refusal(asked: Asked, setup: Setup, events: readonly RunEvent[]): string {
  const judged = judge(asked, setup, events);
  return judged.ok ? '' : judged.reason;
}

/** Runs, and says this when an event comes that fits; the test goes on when it has been taken. */
async function runAndSay(setup: Setup, when: (event: RunEvent) => boolean, ...asked: readonly Asked[]) {
  const events: RunEvent[] = [...(setup.past ?? [])];
  const given: Promise<unknown>[] = [];
  let left = asked;
  const ran = await run({
    ...setup,
    onRecord: (event, stop, orders) => {
      events.push(event);
      setup.onRecord?.(event, stop, orders);
      if (!when(event) || left.length === 0) return;
      const now = left;
      left = [];
      for (const each of now) given.push(say(each, setup, events, orders));
    },
  });
  return { ...ran, given: await Promise.all(given) };
}

const ends = (host: string, task: string) => (event: RunEvent) =>
  event.type === 'step_finished' && event.host === host && event.task === task;

describe('pause', () => {
  it('begins nothing new until somebody says continue', async () => {
    const ran = await runAndSay(
      {
        playbook: THREE,
        whenIdle: (_, orders) => void orders.give({ type: 'run_continued', reason: 'well', by: ADA }),
      },
      ends('h1', 'one'),
      { verb: 'pause' },
    );
    expect(ran.given).toEqual(['taken']);
    const types = ran.events.map(({ type }) => type);
    expect(types.slice(types.indexOf('run_paused'), types.indexOf('run_continued'))).not.toContain('step_started');
    expect(ran.steps).toHaveLength(9);
  });

  it('lets hosts inside a window come out of it', async () => {
    const playbook = `
- name: Roll
  hosts: all
  tasks:
    - window: {name: outage}
      block:
        - {name: shut, raw: shut}
      must_finish:
        - {name: start, raw: start}
    - {name: after, raw: after}
`;
    const ran = await runAndSay(
      {
        playbook,
        inventory: HOSTS(1),
        whenIdle: (stop) => stop.drain('the test is over'),
      },
      (event) => event.type === 'window_opened',
      { verb: 'pause' },
    );
    expect(ran.steps).toEqual(['h1 shut changed', 'h1 start changed']);
  });

  it('holds over a break: resumed, the run waits until somebody says continue', async () => {
    const setup: Setup = { playbook: SERIAL };
    const first = await runAndSay({ ...setup, whenIdle: (stop) => stop.drain('Ctrl-C') }, ends('h1', 'three'), {
      verb: 'pause',
    });
    expect(first.steps).toEqual(['h1 one changed', 'h1 two changed', 'h1 three changed']);
    const waiting = await run({ ...setup, past: first.events, whenIdle: (stop) => stop.drain('Ctrl-C') });
    expect(waiting.sent).toEqual([]);
    const goOn = orderOf({ verb: 'continue' }, setup, first.events);
    const second = await run({ ...setup, past: [...first.events, goOn] });
    expect(second.steps).toHaveLength(6);
  });

  it('is refused twice, and continue without it', () => {
    const past: RunEvent[] = [{ type: 'run_paused', reason: 'the load', by: ADA }];
    expect(refusal({ verb: 'pause' }, { playbook: THREE }, past)).toBe(
      'the run has been paused since 1970-01-01T00:00:00.000Z by ada@bastion (pts/3): the load',
    );
    expect(refusal({ verb: 'continue' }, { playbook: THREE }, [])).toMatch(/^the run is not paused/);
  });
});

describe('pause and the hours of a run', () => {
  it('does not wait for a word where no further host may begin', async () => {
    const ran = await runAndSay(
      {
        playbook: THREE.replace('hosts: all', 'hosts: all\n  strategy: host_pinned'),
        forks: 1,
        onRecord: (event, stop) => event.type === 'run_paused' && stop.admitNoMore('it is past ten'),
      },
      ends('h1', 'three'),
      { verb: 'pause' },
    );
    expect(ran.sent).toEqual(['h1: one', 'h1: two', 'h1: three']);
  });
});

describe('pause_after', () => {
  const canary = SERIAL.replace('serial: 1', 'serial: [1, 2]\n  pause_after: batch');

  it('waits after each batch but the last', async () => {
    const ran = await run({
      playbook: canary.replace('[1, 2]', '1'),
      onRecord: (event, _, orders) => {
        const goOn = () => void orders.give({ type: 'run_continued', reason: 'well', by: ADA });
        if (event.type === 'run_paused') setImmediate(goOn);
      },
    });
    const told = ran.events.filter(({ type }) => /batch|run_/.test(type)).map(({ type }) => type);
    const batch = ['batch_started', 'run_paused', 'batch_finished', 'run_continued'];
    expect(told).toEqual([...batch, ...batch, 'batch_started', 'batch_finished']);
  });

  it('is not lost or asked for again wherever the run breaks off around it', async () => {
    const whole = await run({
      playbook: canary,
      whenIdle: (stop) => stop.drain('enough'),
    });
    expect(whole.steps).toEqual(['h1 one changed', 'h1 two changed', 'h1 three changed']);
    for (let cut = whole.events.length - 2; cut <= whole.events.length; cut++) {
      const again = await run({
        playbook: canary,
        past: whole.events.slice(0, cut),
        whenIdle: (stop) => stop.drain('enough'),
      });
      expect(again.sent).toEqual([]);
    }
  });
});

describe('abort', () => {
  it('ends the run; resumed, it waits until somebody says continue', async () => {
    const setup: Setup = { playbook: SERIAL };
    const ran = await runAndSay(setup, ends('h1', 'one'), { verb: 'abort' });
    expect(ran.steps).toEqual(['h1 one changed']);
    const { plan } = planOf(setup);
    const progress = progressOf(ran.events);
    expect(exitCodeOf(progress, plan, { interrupted: false, fault: false }).exitCode).toBe(3);
    expect(progress.paused).toMatchObject({ type: 'run_aborted', by: BOB });
    const goOn = orderOf({ verb: 'continue' }, setup, ran.events);
    const again = await run({ ...setup, past: [...ran.events, goOn] });
    expect(again.steps).toHaveLength(8);
  });
});

describe('force', () => {
  it('takes what is left on a failed host as complete, and it counts as failed no more', async () => {
    const setup: Setup = { playbook: THREE, answers: (host, command) => (host === 'h2' && command === 'two' ? 1 : 0) };
    const first = await run(setup);
    expect(progressOf(first.events).hosts.get('h2')?.failures.size).toBe(1);
    const forced = orderOf({ verb: 'force', host: 'h2' }, setup, first.events);
    const second = await run({ ...setup, past: [...first.events, forced] });
    expect(second.sent).toEqual([]);
    const progress = progressOf([...first.events, forced, ...second.events]);
    expect(exitCodeOf(progress, planOf(setup).plan, { interrupted: false, fault: false })).toEqual({
      exitCode: 0,
      reason: 'all done',
    });
  });

  it('of one task lets the host go on behind it', async () => {
    const setup: Setup = { playbook: THREE, answers: (host, command) => (host === 'h2' && command === 'two' ? 1 : 0) };
    const first = await run(setup);
    const forced = orderOf({ verb: 'force', host: 'h2', task: 'two' }, setup, first.events);
    expect(forced).toMatchObject({ type: 'host_forced', task: 'two', taskId: '1.tasks.2', batch: 1 });
    const second = await run({ ...setup, past: [...first.events, forced] });
    expect(second.sent).toEqual(['h2: three']);
  });

  it('lets go of a step that never comes to an end, live, in both strategies', async () => {
    for (const strategy of ['linear', 'host_pinned']) {
      const setup: Setup = {
        playbook: THREE.replace('hosts: all', `hosts: all\n  strategy: ${strategy}`),
        hangs: (host, command) => host === 'h2' && command === 'two',
      };
      const ran = await runAndSay(
        setup,
        (event) => event.type === 'step_started' && event.host === 'h2' && event.task === 'two',
        { verb: 'force', host: 'h2', task: 'two' },
      );
      expect(ran.given).toEqual(['taken']);
      expect(stepsOf(ran.events)).not.toContain('h2 two changed');
      expect(ran.steps).toContain('h2 three changed');
      expect(ran.steps).toHaveLength(8);
    }
  });

  it('never while the host stands in a window, and never a part of one', async () => {
    const setup: Setup = {
      playbook: `
- name: Roll
  hosts: all
  tasks:
    - window: {name: outage}
      block:
        - {name: shut, raw: shut}
      must_finish:
        - {name: start, raw: start}
`,
    };
    const { events } = await run({ ...setup, dieAfter: 4 });
    const host = [...progressOf(events).openWindows.keys()][0] ?? '';
    for (const verb of ['force', 'restart', 'skip'] as const)
      expect(refusal({ verb, host }, setup, events)).toMatch(
        /has been in window "outage" since .*: nothing stops it there/,
      );
    expect(refusal({ verb: 'force', host: 'h3', task: 'start' }, setup, [])).toMatch(
      /stands in window "outage", which is done whole or not at all/,
    );
  });

  it('leaves a value behind for the tasks that look at it', async () => {
    const setup: Setup = {
      playbook: `
- name: Roll
  hosts: all
  tasks:
    - {name: ask, raw: ask, register: answer}
    - {name: use, raw: use, when: answer.forced is defined}
`,
      inventory: HOSTS(1),
      answers: (_, command) => (command === 'ask' ? 1 : 0),
    };
    const first = await run(setup);
    const forced = orderOf({ verb: 'force', host: 'h1', task: 'ask' }, setup, first.events);
    const second = await run({ ...setup, past: [...first.events, forced] });
    expect(second.steps).toEqual(['h1 use changed']);
  });
});

describe('restart', () => {
  it('does a finished host again, from its first task', async () => {
    const setup: Setup = { playbook: SERIAL };
    const first = await run(setup);
    const again = orderOf({ verb: 'restart', host: 'h2' }, setup, first.events);
    const second = await run({ ...setup, past: [...first.events, again] });
    expect(second.sent).toEqual(['h2: one', 'h2: two', 'h2: three']);
  });

  it('does one task again and nothing behind it', async () => {
    const setup: Setup = { playbook: SERIAL };
    const first = await run(setup);
    const again = orderOf({ verb: 'restart', host: 'h2', task: '1.tasks.2' }, setup, first.events);
    const second = await run({ ...setup, past: [...first.events, again] });
    expect(second.sent).toEqual(['h2: two']);
  });

  it('of a host in an earlier batch comes before the next batch, live', async () => {
    const setup: Setup = { playbook: SERIAL };
    const ran = await runAndSay(setup, ends('h2', 'one'), { verb: 'restart', host: 'h1', task: 'three' });
    expect(ran.sent).toEqual([
      ...['h1: one', 'h1: two', 'h1: three'],
      ...['h2: one', 'h2: two', 'h2: three'],
      'h1: three',
      ...['h3: one', 'h3: two', 'h3: three'],
    ]);
  });

  it('takes a loss back no more than anything else does', async () => {
    const setup: Setup = { playbook: THREE, inventory: HOSTS(1) };
    const { events } = await run(setup);
    const lossy = events.map((event) =>
      event.type === 'step_finished' && event.task === 'two'
        ? { ...event, result: { ...event.result, lost: ['web.1'] } }
        : event,
    );
    const again = orderOf({ verb: 'restart', host: 'h1' }, setup, lossy);
    const second = await run({ ...setup, past: [...lossy, again] });
    const progress = progressOf([...lossy, again, ...second.events]);
    expect(exitCodeOf(progress, planOf(setup).plan, { interrupted: false, fault: false }).exitCode).toBe(5);
  });
});

describe('skip', () => {
  it('does nothing more on a host, after a break neither, until it is restarted', async () => {
    const setup: Setup = { playbook: THREE };
    const first = await runAndSay(setup, ends('h2', 'one'), { verb: 'skip', host: 'h2' });
    expect(first.sent).not.toContain('h2: two');
    expect(refusal({ verb: 'skip', host: 'h2' }, setup, first.events)).toBe(
      'h2 was skipped by bob@bastion (pts/7): because',
    );
    const second = await run({ ...setup, past: first.events });
    expect(second.sent).toEqual([]);
    const again = orderOf({ verb: 'restart', host: 'h2' }, setup, first.events);
    const third = await run({ ...setup, past: [...first.events, again] });
    expect(third.sent).toEqual(['h2: one', 'h2: two', 'h2: three']);
  });
});

describe('an order that cannot be meant', () => {
  const setup: Setup = {
    playbook: `
- name: Roll
  hosts: all
  tasks:
    - {name: check, raw: a}
    - {name: check, raw: b}
    - {name: work, raw: c, notify: told}
  handlers:
    - {name: told, raw: d}
`,
  };
  it.each([
    [{ verb: 'force', host: 'h9' }, '"h9" is no host of this run; did you mean "h1"?'],
    [{ verb: 'force', host: 'h1', task: 'wrok' }, '"wrok" is no task of play 1 ("Roll"); did you mean "work"?'],
    [
      { verb: 'force', host: 'h1', task: 'check' },
      /"check" may mean 1\.tasks\.1 \("check", site\.yml:\d+:\d+\), or 1\.tasks\.2/,
    ],
    [{ verb: 'force', host: 'h1', task: 'told' }, /is a handler/],
    [{ verb: 'restart', host: 'h1' }, 'h1 has not been begun: there is nothing to do again'],
  ] as const)('%j is refused: %s', (asked, reason) => {
    expect(refusal(asked, setup, [])).toMatch(reason);
  });

  it('is refused where a name that a host was shown means another task in the plan', async () => {
    const shown: Setup = {
      playbook: `
- name: Roll
  hosts: all
  tasks:
    - {name: "on {{ inventory_hostname }}", raw: a}
    - {name: on h1, raw: b}
`,
    };
    const { events } = await run(shown);
    expect(refusal({ verb: 'restart', host: 'h1', task: 'on h1' }, shown, events)).toMatch(
      /may mean 1\.tasks\.1 .*, or 1\.tasks\.2/,
    );
    expect(refusal({ verb: 'restart', host: 'h2', task: 'on h2' }, shown, events)).toBe('');
  });

  it('is refused where it would change nothing', async () => {
    const { events } = await run(setup);
    expect(refusal({ verb: 'force', host: 'h1', task: 'work' }, setup, events)).toMatch(
      /is done on h1 already \(changed\)/,
    );
  });
});

describe('an order given at any moment', () => {
  it.each(['linear', 'host_pinned'])('comes, %s, to the same end live as at resume', async (strategy) => {
    const setup: Setup = {
      playbook: THREE.replace('hosts: all', `hosts: all\n  serial: 2\n  strategy: ${strategy}`),
      answers: (host, command) => (host === 'h2' && command === 'two' ? 1 : 0),
    };
    const { events } = await run(setup);
    for (let at = 3; at < events.length - 1; at++) {
      let count = 0;
      const live = await runAndSay(setup, () => ++count === at, { verb: 'force', host: 'h2' });
      const isForced = live.events.some(({ type }) => type === 'host_forced');
      expect([at, isForced]).toEqual([at, true]);
      const resumed = await run({ ...setup, past: live.events });
      expect([at, resumed.sent]).toEqual([at, []]);
      const progress = progressOf([...live.events, ...resumed.events]);
      expect(exitCodeOf(progress, planOf(setup).plan, { interrupted: false, fault: false }).exitCode).toBe(0);
    }
  });

  it.each([
    [{ verb: 'force', host: 'h2' }],
    [{ verb: 'force', host: 'h2', task: 'two' }],
    [{ verb: 'restart', host: 'h1' }],
    [{ verb: 'skip', host: 'h3' }],
  ] as const)('%j comes to the same end wherever the machine dies after it', async (asked) => {
    const setup: Setup = {
      playbook: SERIAL.replaceAll(/raw: (\w+)/g, "raw: $1, changed_when: '1 == 1'"),
      inventory: HOSTS(4),
      answers: (host, command) => (host === 'h2' && command === 'two' ? 1 : 0),
    };
    const failed = (event: RunEvent) => event.type === 'step_finished' && event.status === 'failed';
    // As long as it fails, h2's own batch of one ends the run: what is said then comes after it.
    const first = await run(setup);
    expect(first.events.some(failed)).toBe(true);
    const order = orderOf(asked, setup, first.events);
    const forced: RunEvent[] = [...first.events, order];
    const operator = { resolve: async () => 'redo' as const };
    const whole = await run({ ...setup, past: forced, operator });
    const endOf = (events: readonly RunEvent[]) => {
      const { hosts } = progressOf(events);
      return [...hosts].map(([host, { counts, refused }]) => [host, counts, refused]).sort();
    };
    const end = endOf([...forced, ...whole.events]);
    for (let dieAfter = 0; dieAfter < whole.events.length; dieAfter++) {
      const cut = await run({ ...setup, past: forced, operator, dieAfter });
      const past = [...forced, ...cut.events];
      const rest = await run({ ...setup, past, operator });
      expect([dieAfter, endOf([...past, ...rest.events])]).toEqual([dieAfter, end]);
    }
  });
});

describe('an order of any kind, given at any moment', () => {
  const setup: Setup = {
    playbook: `
- name: Roll
  hosts: all
  serial: 2
  tasks:
    - {name: before, raw: before}
    - window: {name: outage}
      block:
        - {name: shut, raw: shut}
        - {name: look, raw: look}
      must_finish:
        - {name: start, raw: start}
    - {name: after, raw: after}
`,
    inventory: HOSTS(4),
  };

  /** Hosts that answer in a turn of their own, so that there is a moment between any two things; and when all is quiet. */
  function hosts() {
    let turnsSince = 0;
    const answers = () => {
      turnsSince = 0;
      return new Promise<number>((done) => setImmediate(() => done(0)));
    };
    const whenQuiet = (then: () => void): void => {
      turnsSince += 1;
      if (turnsSince > 10) then();
      else setImmediate(() => whenQuiet(then));
    };
    return { answers, whenQuiet };
  }

  const count = (events: readonly RunEvent[], type: RunEvent['type'], host: string) =>
    events.filter((event) => event.type === type && 'host' in event && event.host === host).length;

  it.each([
    { verb: 'pause' },
    { verb: 'abort' },
    { verb: 'force', host: 'h2' },
    { verb: 'restart', host: 'h2' },
    { verb: 'skip', host: 'h2' },
  ] as const)('leaves no window open and nothing in it half done: %j', async (asked) => {
    const { events } = await run({ ...setup, answers: hosts().answers });
    let taken = 0;
    let refused = 0;
    for (let at = 2; at < events.length; at++) {
      let seen = 0;
      const past: RunEvent[] = [];
      const { answers, whenQuiet } = hosts();
      const ran = await run({
        ...setup,
        answers,
        onRecord: (event, stop, orders) => {
          past.push(event);
          if (event.type === 'run_paused') whenQuiet(() => stop.drain('the test is over'));
          if (++seen !== at) return;
          const judged = judge(asked, setup, past, true);
          if (judged.ok) void orders.give(judged.order);
          if (judged.ok) taken += 1;
          else refused += 1;
        },
      });
      for (const host of ['h1', 'h2', 'h3', 'h4']) {
        const sent = (command: string) => ran.sent.filter((each) => each === `${host}: ${command}`).length;
        expect([at, host, count(ran.events, 'window_closed', host)]).toEqual([
          at,
          host,
          count(ran.events, 'window_opened', host),
        ]);
        expect([at, host, sent('look'), sent('start')]).toEqual([at, host, sent('shut'), sent('shut')]);
      }
    }
    expect(taken).toBeGreaterThan(5);
    if ('host' in asked) expect(refused).toBeGreaterThan(3);
  });
});
