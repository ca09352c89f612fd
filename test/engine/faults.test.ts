import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { type Answers, HOSTS, run, type Setup } from './harness.ts';

const order = (sent: readonly string[], host: string) =>
  sent.filter((line) => line.startsWith(`${host}:`)).map((line) => line.split('do ')[1]);

const windowed = `
- hosts: all
  tasks:
    - {name: before, shell: do before}
    - window: w
      block:
        - {name: shut, shell: do shut}
      must_finish:
        - {name: restart, shell: do restart}
    - {name: after, shell: do after}
`;

/** A run in which rollgate itself goes wrong: the events up to there, and what it rejected with. */
async function faulty(setup: Setup): Promise<{ sent: string[]; events: RunEvent[]; error: unknown }> {
  const sent: string[] = [];
  const events: RunEvent[] = [];
  const answers: Answers = (host, command) => {
    sent.push(`${host}: ${command}`);
    return setup.answers?.(host, command) ?? 0;
  };
  const error = await run({ ...setup, answers, onRecord: (event) => events.push(event) }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { sent, events, error };
}

const bug = new Error('a bug');

function buggy(where: Readonly<Record<string, string>>): Answers {
  return (host, command) => {
    if (command.includes(`do ${where[host]}`)) throw bug;
    return 0;
  };
}

describe('a bug on one host', () => {
  it('lets the other hosts bring their windows home, starts nothing new, and is told in the end', async () => {
    let release = (_: number) => {};
    const held = new Promise<number>((resolve) => {
      release = resolve;
    });
    const { sent, events, error } = await faulty({
      playbook: windowed.replace('- hosts: all', '- hosts: all\n  strategy: host_pinned'),
      answers: (host, command) => {
        if (host === 'h2' && command.includes('do shut')) return held;
        if (host === 'h3' && command.includes('do after')) {
          queueMicrotask(() => release(0));
          throw bug;
        }
        return 0;
      },
    });
    expect(error).toBe(bug);
    expect(order(sent, 'h2')).toEqual(['before', 'shut', 'restart']);
    const windows = events.filter((event) => event.type === 'window_opened' || event.type === 'window_closed');
    expect(windows.filter(({ type }) => type === 'window_opened')).toHaveLength(3);
    expect(windows.filter(({ type }) => type === 'window_closed')).toHaveLength(3);
  });

  it('in a window does not keep what must finish from running there', async () => {
    const { sent, error } = await faulty({ inventory: HOSTS(2), playbook: windowed, answers: buggy({ h1: 'shut' }) });
    expect(error).toBe(bug);
    expect(order(sent, 'h1')).toEqual(['before', 'shut', 'restart']);
    expect(order(sent, 'h2')).toEqual(['before', 'shut', 'restart']);
  });

  it('outside a window leaves its step unknown, for resume to ask about', async () => {
    const { events, error } = await faulty({
      inventory: HOSTS(2),
      playbook: windowed,
      answers: buggy({ h1: 'before' }),
    });
    expect(error).toBe(bug);
    const of = (type: string) =>
      events.filter((event) => event.type === type && 'host' in event && event.host === 'h1');
    expect(of('step_started')).toHaveLength(1);
    expect(of('step_finished')).toHaveLength(0);
  });
});

describe('a keyword that cannot be evaluated', () => {
  it('throttle: fails the step and nothing else', async () => {
    const { steps } = await run({
      inventory: HOSTS(2),
      playbook: '- hosts: all\n  tasks:\n    - {name: one, shell: do one, throttle: "{{ vars_of_nobody }}"}\n',
    });
    expect(steps).toEqual(['h1 one failed', 'h2 one failed']);
  });

  it('any_errors_fatal: holds', async () => {
    const { steps } = await run({
      inventory: HOSTS(2),
      playbook: `
- hosts: all
  tasks:
    - {name: one, shell: do one, any_errors_fatal: "{{ vars_of_nobody }}"}
    - {name: two, shell: do two}
`,
      answers: (host) => (host === 'h1' ? 1 : 0),
    });
    expect(steps).toEqual(['h1 one failed', 'h2 one changed']);
  });
});

describe('what is done once for a batch', () => {
  const handled = `
- hosts: all
  tasks:
    - {name: one, shell: do one, notify: h}
  handlers:
    - {name: h, shell: do h, run_once: true}
  post_tasks:
    - {name: two, shell: do two, notify: h}
`;

  it('a handler: runs once for all that were notified, at each flush', async () => {
    const { sent } = await run({ inventory: HOSTS(3), playbook: handled });
    expect(sent.filter((line) => line.endsWith('do h'))).toEqual(['h1: do h', 'h1: do h']);
    expect(sent.filter((line) => line.endsWith('do two'))).toHaveLength(3);
  });

  it('a handler: fails for all that were notified', async () => {
    const { sent } = await run({
      inventory: HOSTS(3),
      playbook: handled,
      answers: (_, command) => (command.endsWith('do h') ? 1 : 0),
    });
    expect(sent.filter((line) => line.endsWith('do h'))).toEqual(['h1: do h']);
    expect(sent.filter((line) => line.endsWith('do two'))).toEqual([]);
  });

  it('and was under way when the machine died: is in doubt for all of it, and no other host does it again', async () => {
    const playbook = `
- hosts: all
  serial: 2
  tasks:
    - {name: one, shell: do one, run_once: true}
    - {name: two, shell: do two}
`;
    // play_started, batch_started, step_started.
    const first = await run({ inventory: HOSTS(4), playbook, dieAfter: 3 });
    const second = await run({ inventory: HOSTS(4), playbook, past: first.events });
    expect(second.sent).toEqual(['h3: do one', 'h3: do two', 'h4: do two']);
    expect(second.events.flatMap((event) => (event.type === 'host_refused' ? [event.host] : []))).toEqual(['h1', 'h2']);
    const third = await run({
      inventory: HOSTS(4),
      playbook,
      past: first.events,
      refused: new Map([['h1', 'held by another run']]),
    });
    expect(third.sent).toEqual(['h3: do one', 'h3: do two', 'h4: do two']);
  });
});

describe('handlers that notify each other', () => {
  it('run once in a flush, and what stands before waits for the next', async () => {
    const { sent } = await run({
      inventory: HOSTS(1),
      playbook: `
- hosts: all
  tasks:
    - {name: one, shell: do one, notify: b}
  post_tasks:
    - {name: two, shell: do two, changed_when: false}
  handlers:
    - {name: a, shell: do a, notify: b}
    - {name: b, shell: do b, notify: a}
`,
    });
    expect(sent.map((line) => line.split('do ')[1])).toEqual(['one', 'b', 'two', 'a', 'b']);
  });
});

describe('meta: end_batch and end_play', () => {
  it.each(['end_batch', 'end_play'])('%s lets hosts that are in a window finish it', async (what) => {
    let release = (_: number) => {};
    const held = new Promise<number>((resolve) => {
      release = resolve;
    });
    const { sent } = await run({
      inventory: HOSTS(2),
      playbook: `
- hosts: all
  strategy: host_pinned
  tasks:
    - window: w
      block:
        - {name: shut, shell: do shut}
        - {name: check, shell: do check}
      must_finish:
        - {name: restart, shell: do restart}
    - {name: after, shell: do after}
    - meta: ${what}
`,
      answers: (host, command) => {
        if (host === 'h1' && command.includes('after')) queueMicrotask(() => setImmediate(() => release(0)));
        return host === 'h2' && command.includes('do shut') ? held : 0;
      },
    });
    expect(order(sent, 'h2')).toEqual(['shut', 'check', 'restart']);
  });

  it('hold when no_log hides their result', async () => {
    const { sent } = await run({
      inventory: HOSTS(2),
      playbook: '- hosts: all\n  no_log: true\n  tasks:\n    - meta: end_play\n    - {name: one, shell: do one}\n',
    });
    expect(sent).toEqual([]);
  });
});

describe('a failure in an inner block', () => {
  it('that an outer block rescues counts for no limit, while the inner one still cleans up', async () => {
    const { sent } = await run({
      inventory: HOSTS(2),
      playbook: `
- hosts: all
  serial: 1
  any_errors_fatal: true
  tasks:
    - block:
        - block:
            - {name: one, shell: do one}
          always:
            - {name: tidy, shell: do tidy}
      rescue:
        - {name: mend, shell: do mend}
    - {name: two, shell: do two}
`,
      answers: (_, command) => (command.includes('do one') ? 1 : 0),
    });
    expect(order(sent, 'h1')).toEqual(['one', 'tidy', 'mend', 'two']);
    expect(order(sent, 'h2')).toEqual(['one', 'tidy', 'mend', 'two']);
  });
});

describe('an operator who stops the run', () => {
  it('keeps hosts from beginning that wait for their turn at a throttled task', async () => {
    const { sent } = await run({
      inventory: HOSTS(4),
      playbook: '- hosts: all\n  tasks:\n    - {name: one, shell: do one, throttle: 1}\n',
      onRecord: (event, stop) => {
        if (event.type === 'step_finished') stop.drain('Ctrl-C');
      },
    });
    expect(sent).toEqual(['h1: do one']);
  });

  it('ends a pause, which begins anew when the run is resumed', async () => {
    const playbook =
      '- hosts: all\n  tasks:\n    - {name: wait, pause: {prompt: ready}}\n    - {name: one, shell: do one}\n';
    const first = await run({
      playbook,
      onRecord: (event, stop) => {
        if (event.type === 'step_started') stop.drain('Ctrl-C');
      },
      operator: {
        pause: async (_, { abort }) => (abort.aborted ? { kind: 'aborted' } : { kind: 'continue', typed: '' }),
      },
    });
    expect(first.steps).toEqual([]);
    const second = await run({ playbook, past: first.events });
    expect(second.steps).toEqual(['h1 wait ok', 'h1 one changed', 'h2 one changed', 'h3 one changed']);
  });
});

describe('a window that a break left open', () => {
  it('is brought home first, while others have not come so far', async () => {
    const setup: Setup = {
      inventory: HOSTS(3),
      playbook: windowed,
      forks: 1,
      operator: { resolve: async () => 'redo' },
    };
    const whole = await run(setup);
    const opened = whole.events.findIndex((event) => event.type === 'window_opened');
    const past = whole.events
      .slice(0, opened + 1)
      // h3 was not as far: a run by another order of steps.
      .filter((event) => !(event.type === 'step_finished' && event.host === 'h3'));
    const { sent } = await run({ ...setup, past });
    expect(sent.slice(0, 3)).toEqual(['h1: do shut', 'h1: do restart', 'h3: do before']);
  });
});
