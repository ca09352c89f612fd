import { describe, expect, it } from 'vitest';
import { HOSTS, resultsOf, run } from './harness.ts';

/** Commands are `do NAME`; hosts in `failing` fail at the named one. */
const failing = (where: Readonly<Record<string, string>>) => (host: string, command: string) =>
  command.includes(`do ${where[host]}`) ? 1 : 0;

describe('a linear play', () => {
  it('keeps hosts in step: nobody begins a task before all have ended the one before', async () => {
    const { steps } = await run({
      playbook: `
- hosts: all
  tasks:
    - {name: one, shell: do one}
    - {name: two, shell: do two}
`,
    });
    expect(steps.map((step) => step.split(' ')[1])).toEqual(['one', 'one', 'one', 'two', 'two', 'two']);
  });

  it('runs a batch to its end before the next begins', async () => {
    const { steps } = await run({
      inventory: HOSTS(5),
      playbook: `
- hosts: all
  serial: [1, 3]
  tasks:
    - {name: one, shell: do one}
    - {name: two, shell: do two}
`,
    });
    expect(steps.map((step) => step.split(' changed')[0])).toEqual([
      'h1 one',
      'h1 two',
      'h2 one',
      'h3 one',
      'h4 one',
      'h2 two',
      'h3 two',
      'h4 two',
      'h5 one',
      'h5 two',
    ]);
  });

  it('goes on without a host that failed', async () => {
    const { steps } = await run({
      playbook: `
- hosts: all
  tasks:
    - {name: one, shell: do one}
    - {name: two, shell: do two}
`,
      answers: failing({ h2: 'one' }),
    });
    expect(steps).toEqual(['h1 one changed', 'h2 one failed', 'h3 one changed', 'h1 two changed', 'h3 two changed']);
  });
});

describe('budgets stop what has not begun', () => {
  const plays = (keywords: string) => `
- hosts: all
  serial: 2
  ${keywords}
  tasks:
    - {name: one, shell: do one}
    - {name: two, shell: do two}
- hosts: all
  tasks:
    - {name: later, shell: do later}
`;

  it.each<[keywords: string, where: Record<string, string>, ranTwo: string[], ranLater: string[]]>([
    ['', { h1: 'one' }, ['h2', 'h3', 'h4', 'h5', 'h6'], ['h2', 'h3', 'h4', 'h5', 'h6']],
    ['', { h1: 'one', h2: 'two' }, ['h2'], []],
    ['max_fail_percentage: 50', { h1: 'one' }, ['h2', 'h3', 'h4', 'h5', 'h6'], ['h2', 'h3', 'h4', 'h5', 'h6']],
    ['max_fail_percentage: 49', { h1: 'one' }, [], []],
    ['max_fail_percentage: 0', { h3: 'two' }, ['h1', 'h2', 'h3', 'h4'], []],
    ['max_failures: 1', { h1: 'one' }, ['h2', 'h3', 'h4', 'h5', 'h6'], ['h2', 'h3', 'h4', 'h5', 'h6']],
    ['max_failures: 1', { h1: 'one', h3: 'one' }, ['h2'], []],
    ['max_failures: "16%"', { h1: 'one' }, [], []],
    ['max_failures: "17%"', { h1: 'one' }, ['h2', 'h3', 'h4', 'h5', 'h6'], ['h2', 'h3', 'h4', 'h5', 'h6']],
    ['any_errors_fatal: true', { h4: 'one' }, ['h1', 'h2'], []],
  ])('%s, failing %j', async (keywords, where, ranTwo, ranLater) => {
    const { sent } = await run({ inventory: HOSTS(6), playbook: plays(keywords), answers: failing(where) });
    const ran = (what: string) => sent.filter((line) => line.includes(`do ${what}`)).map((line) => line.split(':')[0]);
    expect(ran('two')).toEqual(ranTwo);
    expect(ran('later')).toEqual(ranLater);
  });

  it('counts hosts that cannot be reached like those that failed', async () => {
    const { sent } = await run({
      inventory: HOSTS(6),
      playbook: plays('max_fail_percentage: 0'),
      answers: (host, command) => (host === 'h1' && command.includes('do one') ? { unreachable: 'no route' } : 0),
    });
    expect(sent.some((line) => line.startsWith('h3'))).toBe(false);
  });

  it('counts a failure in a block that has always, at once; always still runs where the block was entered', async () => {
    const { sent } = await run({
      inventory: HOSTS(4),
      playbook: `
- hosts: all
  serial: 2
  max_fail_percentage: 0
  tasks:
    - block:
        - {name: one, shell: do one}
      always:
        - {name: tidy, shell: do tidy}
`,
      answers: failing({ h1: 'one' }),
    });
    expect(sent.filter((line) => line.includes('do tidy')).map((line) => line.split(':')[0])).toEqual(['h1', 'h2']);
    expect(sent.some((line) => line.startsWith('h3'))).toBe(false);
  });

  it('does not count what was rescued or ignored', async () => {
    const { sent } = await run({
      inventory: HOSTS(4),
      playbook: `
- hosts: all
  serial: 2
  max_fail_percentage: 0
  tasks:
    - {name: zero, shell: do zero, ignore_errors: true}
    - block:
        - {name: one, shell: do one}
      rescue:
        - {name: mend, shell: do mend}
    - {name: two, shell: do two}
`,
      answers: (_, command) => (/do (zero|one)/.test(command) ? 1 : 0),
    });
    expect(sent.filter((line) => line.includes('do two'))).toHaveLength(4);
  });

  it('holds under host_pinned: nothing new is admitted', async () => {
    const { sent } = await run({
      inventory: HOSTS(6),
      playbook: `
- hosts: all
  strategy: host_pinned
  forks: 1
  max_failures: 0
  tasks:
    - {name: one, shell: do one}
`,
      answers: failing({ h2: 'one' }),
    });
    expect(sent.map((line) => line.split(':')[0])).toEqual(['h1', 'h2']);
  });
});

describe('steps', () => {
  it('register results for later conditions', async () => {
    const { steps } = await run({
      inventory: HOSTS(2),
      playbook: `
- hosts: all
  tasks:
    - {name: ask, shell: do ask, register: answer, failed_when: false}
    - {name: only when 3, shell: do it, when: answer.rc == 3}
`,
      answers: (host, command) => (host === 'h1' && command.includes('ask') ? 3 : 0),
    });
    expect(steps.slice(2).toSorted()).toEqual(['h1 only when 3 changed', 'h2 only when 3 skipped']);
  });

  it('never render what a host printed', async () => {
    const { events, sent } = await run({
      inventory: HOSTS(1),
      playbook: `
- hosts: all
  tasks:
    - {name: ask, shell: do ask, register: answer}
    - {name: say, debug: {msg: "{{ answer.stdout }}"}}
    - {name: use, shell: "echo {{ answer.stdout | quote }}"}
`,
      answers: (_, command) => (command.includes('ask') ? { stdout: '{{ 7 * 7 }} $(reboot)\n' } : 0),
    });
    expect(resultsOf(events)['h1 say']).toMatchObject({ msg: '{{ 7 * 7 }} $(reboot)' });
    expect(sent.at(-1)).toContain(`echo '{{ 7 * 7 }} $(reboot)'`);
  });

  it('fail with a reason when a variable is undefined, before anything is sent', async () => {
    const { events, sent } = await run({
      inventory: HOSTS(1),
      playbook: '- hosts: all\n  tasks:\n    - {name: ask, shell: "do {{ nothing_known }}"}\n',
    });
    expect(sent).toEqual([]);
    expect(JSON.stringify(resultsOf(events)['h1 ask'])).toContain('nothing_known');
  });

  it('give their commands an environment of texts, as Python writes them', async () => {
    const environments: unknown[] = [];
    await run({
      playbook: `
- hosts: all
  gather_facts: false
  tasks:
    - {name: a, shell: do a, environment: [{A: 1, B: true, C: null}, {A: '{{ 1 + 1 }}', D: [1, 'it is'], E: 'true'}]}
`,
      inventory: 'h1\n',
      onSend: (_, { environment }) => environments.push(environment),
    });
    expect(environments).toEqual([{ A: '2', B: 'True', C: 'None', D: "[1, 'it is']", E: 'true' }]);
  });

  it('fail where a part of a command or its environment would hold a NUL, and the run goes on', async () => {
    const { events, sent } = await run({
      inventory: HOSTS(1),
      playbook: `
- hosts: all
  tasks:
    - {name: ask, shell: do ask, register: said}
    - {name: use, command: 'do use {{ said.stdout }}', ignore_errors: true}
    - {name: argv, command: {argv: [do, '{{ said.stdout }}']}, ignore_errors: true}
    - {name: environment, shell: do environment, environment: {IT: '{{ said.stdout }}'}, ignore_errors: true}
    - {name: last, shell: do last}
`,
      answers: (_, command) => (command.includes('ask') ? { stdout: 'a\0b' } : 0),
    });
    for (const task of ['use', 'argv', 'environment'])
      expect(resultsOf(events)[`h1 ${task}`]).toMatchObject({ failed: true, msg: expect.stringContaining('NUL') });
    expect(sent.map((line) => /do (\w+)/.exec(line)?.[1])).toEqual(['ask', 'last']);
  });

  it('loop over items, all of them, and fail at the end', async () => {
    const { events, sent } = await run({
      inventory: HOSTS(1),
      playbook: '- hosts: all\n  tasks:\n    - {name: each, shell: "do {{ item }}", loop: [a, b, c]}\n',
      answers: (_, command) => (command.includes('do b') ? 1 : 0),
    });
    expect(sent).toHaveLength(3);
    expect(resultsOf(events)['h1 each']).toMatchObject({
      failed: true,
      changed: true,
      results: [{ item: 'a' }, { item: 'b', failed: true }, { item: 'c' }],
    });
  });

  it('retry until it is so: attempts are retries and one', async () => {
    let asked = 0;
    const never = await run({
      inventory: HOSTS(1),
      playbook:
        '- hosts: all\n  tasks:\n    - {name: x, shell: do x, register: r, until: r.rc == 0, retries: 2, delay: 1}\n',
      answers: () => 1,
    });
    expect(never.sent).toHaveLength(3);
    expect(never.steps).toEqual(['h1 x failed']);
    const third = await run({
      inventory: HOSTS(1),
      playbook:
        '- hosts: all\n  tasks:\n    - {name: x, shell: do x, register: r, until: r.rc == 0, retries: 5, delay: 1}\n',
      answers: () => (++asked === 3 ? 0 : 1),
    });
    expect(third.sent).toHaveLength(3);
    expect(resultsOf(third.events)['h1 x']).toMatchObject({ attempts: 3 });
  });

  it('run once for a batch, and give what they registered to all of it', async () => {
    const { sent, steps } = await run({
      inventory: HOSTS(4),
      playbook: `
- hosts: all
  serial: 2
  tasks:
    - {name: once, shell: do once, run_once: true, register: r}
    - {name: use, shell: "use {{ r.stdout }}"}
`,
      answers: (host, command) => (command.includes('once') ? { stdout: `by ${host}\n` } : 0),
    });
    expect(steps.filter((step) => step.includes('once'))).toEqual(['h1 once changed', 'h3 once changed']);
    expect(sent.filter((line) => line.includes('use'))).toEqual([
      'h1: use by h1',
      'h2: use by h1',
      'h3: use by h3',
      'h4: use by h3',
    ]);
  });

  it('run once and fail for all', async () => {
    const { sent } = await run({
      inventory: HOSTS(2),
      playbook:
        '- hosts: all\n  tasks:\n    - {name: once, shell: do once, run_once: true}\n    - {name: use, shell: do use}\n',
      answers: (_, command) => (command.includes('once') ? 1 : 0),
    });
    expect(sent).toEqual(['h1: do once']);
  });

  it('are carried out elsewhere when delegated, with the variables of their own host', async () => {
    const { sent } = await run({
      inventory: 'h1 name=one\nh2 name=two\n',
      playbook: '- hosts: h1\n  tasks:\n    - {name: there, shell: "do {{ name }}", delegate_to: h2}\n',
    });
    expect(sent).toEqual(['h2: do one']);
  });
});

describe('handlers', () => {
  const playbook = `
- hosts: all
  pre_tasks:
    - {name: pre, shell: do pre, notify: again}
  tasks:
    - {name: one, shell: do one, notify: [second, again]}
    - {name: two, shell: do two, notify: again, changed_when: false}
  post_tasks:
    - {name: post, shell: do post}
  handlers:
    - {name: first, shell: handle first, listen: again}
    - {name: second, shell: handle second}
`;

  it('run once at the end of each section, in the order of their definition, where something changed', async () => {
    const { sent } = await run({ inventory: HOSTS(1), playbook });
    expect(sent).toEqual([
      'h1: do pre',
      'h1: handle first',
      'h1: do one',
      'h1: do two',
      'h1: handle first',
      'h1: handle second',
      'h1: do post',
    ]);
  });

  it('do not run on a host that failed', async () => {
    const { sent } = await run({ inventory: HOSTS(1), playbook, answers: failing({ h1: 'two' }) });
    expect(sent).toEqual(['h1: do pre', 'h1: handle first', 'h1: do one', 'h1: do two']);
  });

  it('run where flush_handlers stands', async () => {
    const { sent } = await run({
      inventory: HOSTS(1),
      playbook: `
- hosts: all
  tasks:
    - {name: one, shell: do one, notify: h}
    - meta: flush_handlers
    - {name: two, shell: do two}
  handlers:
    - {name: h, shell: handle h}
`,
    });
    expect(sent).toEqual(['h1: do one', 'h1: handle h', 'h1: do two']);
  });
});

describe('meta', () => {
  it.each([
    ['end_host', ['h1', 'h2', 'h3', 'h4'], ['h2', 'h3', 'h4']],
    ['end_batch', ['h1', 'h2', 'h3', 'h4'], ['h3', 'h4']],
    ['end_play', ['h1', 'h2'], []],
  ])('%s', async (what, one, two) => {
    const { sent } = await run({
      inventory: HOSTS(4),
      playbook: `
- hosts: all
  serial: 2
  tasks:
    - {name: one, shell: do one}
    - {meta: ${what}, when: inventory_hostname == 'h1'}
    - {name: two, shell: do two}
`,
    });
    const ran = (name: string) => sent.filter((line) => line.includes(`do ${name}`)).map((line) => line.split(':')[0]);
    expect(ran('one')).toEqual(one);
    expect(ran('two')).toEqual(two);
  });
});

describe('a window', () => {
  const playbook = `
- hosts: all
  tasks:
    - {name: before, shell: do before}
    - name: the window
      window: {name: w}
      block:
        - {name: shut, shell: do shut}
        - {name: check, shell: do check}
      must_finish:
        - {name: restart, shell: do restart}
    - {name: after, shell: do after}
`;
  const order = (sent: readonly string[], host: string) =>
    sent.filter((line) => line.startsWith(`${host}:`)).map((line) => line.split('do ')[1]);

  it('has no barrier in it', async () => {
    const { sent } = await run({ inventory: HOSTS(2), forks: 1, playbook });
    expect(sent.map((line) => line.replace('do ', ''))).toEqual([
      'h1: before',
      'h2: before',
      'h1: shut',
      'h1: check',
      'h1: restart',
      'h2: shut',
      'h2: check',
      'h2: restart',
      'h1: after',
      'h2: after',
    ]);
  });

  it.each(['shut', 'check'])('finishes what must be finished when %s fails', async (what) => {
    const { sent } = await run({ inventory: HOSTS(1), playbook, answers: failing({ h1: what }) });
    expect(order(sent, 'h1').at(-1)).toBe('restart');
    expect(order(sent, 'h1')).not.toContain('after');
  });

  it('finishes what must be finished on a host that was lost, once it is back', async () => {
    const { sent, steps } = await run({
      inventory: HOSTS(1),
      playbook,
      answers: (_, command) => (command.includes('shut') ? { lost: 'connection reset' } : 0),
    });
    expect(order(sent, 'h1')).toEqual(['before', 'shut', 'restart']);
    expect(steps.slice(1)).toEqual(['h1 shut unreachable', 'h1 restart changed']);
  });

  it('is not interrupted by an operator who stops the run, and nothing begins after it', async () => {
    const { sent, events } = await run({
      inventory: HOSTS(3),
      forks: 1,
      playbook,
      onRecord: (event, stop) => {
        if (event.type === 'step_started' && event.task === 'shut') stop.drain('Ctrl-C');
      },
    });
    expect(order(sent, 'h1')).toEqual(['before', 'shut', 'check', 'restart']);
    expect(order(sent, 'h2')).toEqual(['before']);
    expect(
      events
        .filter((event) => event.type === 'window_opened' || event.type === 'window_closed')
        .map(({ type }) => type),
    ).toEqual(['window_opened', 'window_closed']);
  });

  it('is not entered once the budget is spent, and is left by those who are in it', async () => {
    const { sent } = await run({
      inventory: HOSTS(3),
      forks: 1,
      playbook: playbook.replace('- hosts: all', '- hosts: all\n  max_failures: 0'),
      answers: failing({ h1: 'shut' }),
    });
    expect(order(sent, 'h1')).toEqual(['before', 'shut', 'restart']);
    expect(order(sent, 'h2')).toEqual(['before']);
  });
});

describe('an operator who stops the run', () => {
  it('lets running steps end and starts nothing new', async () => {
    const { steps, events } = await run({
      inventory: HOSTS(3),
      forks: 1,
      playbook: '- hosts: all\n  tasks:\n    - {name: one, shell: do one}\n    - {name: two, shell: do two}\n',
      onRecord: (event, stop) => {
        if (event.type === 'step_started' && event.host === 'h2') stop.drain('Ctrl-C');
      },
    });
    expect(steps).toEqual(['h1 one changed', 'h2 one changed']);
    expect(events.some(({ type }) => type === 'play_finished' || type === 'batch_finished')).toBe(false);
  });
});
