import { describe, expect, it } from 'vitest';
import type { RunEvent, Stamped } from '../../src/journal/event.ts';
import { exitCodeOf } from '../../src/journal/exit-code.ts';
import { replay } from '../../src/journal/progress.ts';
import { HOSTS, planOf, type Ran, resultsOf, run, type Setup } from './harness.ts';

/** A gate that says no to the hosts named, by way of a master that only they ask and that nobody elected. */
const gate = 'mesos_cluster: {masters: ["http://{{ inventory_hostname }}"]}';

const COUNTERS = ['uptime_secs', 'slaves_active', 'slave_removals', 'tasks_lost', 'tasks_failed', 'tasks_killed'];

/** The answers of a master for each host; those named have no leader. */
function closedTo(...hosts: readonly string[]): NonNullable<Setup['http']> {
  return (url) => {
    const { hostname } = new URL(url);
    const metrics = [...COUNTERS, 'tasks_running'].map((name) => [`master/${name}`, 1]);
    const body = JSON.stringify({ ...Object.fromEntries(metrics), 'master/elected': hosts.includes(hostname) ? 0 : 1 });
    return { kind: 'answered', status: 200, body };
  };
}

function did({ sent }: Ran, host: string): readonly (string | undefined)[] {
  return sent.filter((line) => line.startsWith(`${host}:`)).map((line) => line.split('do ')[1]);
}

function exitCode(setup: Setup, ...events: readonly (readonly RunEvent[])[]): number {
  const stamped = events.flat().map((event) => ({ ...event, at: '2026-01-01T00:00:00.000Z' }) as Stamped);
  return exitCodeOf(replay(stamped), planOf(setup).plan, { interrupted: false, fault: false }).exitCode;
}

const inBlock = `
- hosts: all
  tasks:
    - {name: before, shell: do before}
    - block:
        - {name: out, shell: do out}
        - {name: gate, ${gate}}
        - {name: upgrade, shell: do upgrade}
      always:
        - {name: in, shell: do in}
        - {name: tell, shell: do tell}
    - {name: after, shell: do after}
`;

const inWindow = (head: string) => `
- hosts: all
  tasks:
    - window: w
      block:
        - ${head}
        - {name: gate, ${gate}}
        - {name: work, shell: do work}
      must_finish:
        - {name: restart, shell: do restart}
    - {name: after, shell: do after}
`;

describe('a gate that refuses', () => {
  const simple = (keywords = '', play = '') => `
- hosts: all
  ${play}
  tasks:
    - {name: gate, ${gate}${keywords}}
    - {name: one, shell: do one}
- hosts: all
  tasks:
    - {name: two, shell: do two}
`;

  it('stops its host in this play and later ones, spends no budget, and ends with 3', async () => {
    const setup = { playbook: simple('', 'max_failures: 0\n  any_errors_fatal: true'), http: closedTo('h2') };
    const ran = await run(setup);
    expect(ran.steps.toSorted()).toEqual([
      'h1 gate ok',
      'h1 one changed',
      'h1 two changed',
      'h2 gate refused',
      'h3 gate ok',
      'h3 one changed',
      'h3 two changed',
    ]);
    expect(ran.events.some(({ type }) => type === 'stopping')).toBe(false);
    expect(exitCode(setup, ran.events)).toBe(3);
  });

  it('does not stop the run when it refuses a whole batch', async () => {
    const ran = await run({ playbook: simple('', 'serial: 1'), http: closedTo('h1', 'h2') });
    expect(ran.sent).toEqual(['h3: do one', 'h3: do two']);
  });

  it.each([
    ['ignore_errors', ', ignore_errors: true'],
    ['failed_when', ', failed_when: false'],
    ['changed_when', ', changed_when: true'],
  ])('is not hidden by %s', async (_, keywords) => {
    const ran = await run({ playbook: simple(keywords), inventory: HOSTS(1), http: closedTo('h1') });
    expect(ran.steps).toEqual(['h1 gate refused']);
    expect(ran.events.find(({ type }) => type === 'step_finished')).toMatchObject({ ignored: false, rescued: false });
  });

  it('is not rescued', async () => {
    const ran = await run({
      inventory: HOSTS(1),
      http: closedTo('h1'),
      playbook: `
- hosts: all
  tasks:
    - block:
        - {name: work, shell: do work}
        - {name: gate, ${gate}}
      rescue:
        - {name: mend, shell: do mend}
    - {name: after, shell: do after}
`,
    });
    expect(ran.sent).toEqual(['h1: do work']);
  });

  it.each([
    ['retries', ', retries: 2, delay: 1'],
    ['until it succeeds', ', register: g, until: g is succeeded, retries: 2, delay: 1'],
    ['until it is not refused', ', register: g, until: g is not refused, retries: 2, delay: 1'],
  ])('is asked again by %s', async (_, keywords) => {
    let asked = 0;
    const http: Setup['http'] = (url) => closedTo(...(url.includes('snapshot') && ++asked < 3 ? ['h1'] : []))(url);
    const ran = await run({ playbook: simple(keywords), inventory: HOSTS(1), http });
    expect(ran.steps[0]).toBe('h1 gate ok');
    expect(resultsOf(ran.events)['h1 gate']).toMatchObject({ attempts: 3 });
    const never = await run({ playbook: simple(keywords), inventory: HOSTS(1), http: closedTo('h1') });
    expect(never.steps).toEqual(['h1 gate refused']);
    expect(resultsOf(never.events)['h1 gate']).toMatchObject({ attempts: 3, refused: true });
  });

  it('in a loop refuses the step, and no further item is asked', async () => {
    const playbook = `
- hosts: h1
  tasks:
    - {name: gate, mesos_cluster: {masters: ["http://{{ item }}"]}, loop: [a, b, c]}
    - {name: one, shell: do one}
`;
    const ran = await run({ playbook, http: closedTo('b') });
    expect(ran.steps).toEqual(['h1 gate refused']);
    const { results, msg } = resultsOf(ran.events)['h1 gate'] as { results: unknown[]; msg: string };
    expect(results).toHaveLength(2);
    expect(msg).toContain('no leader is elected');
  });

  it('once for a batch refuses all of it, and nobody of the next', async () => {
    const setup: Setup = {
      playbook: simple(', run_once: true', 'serial: 2'),
      inventory: HOSTS(4),
      http: closedTo('h1'),
    };
    const ran = await run(setup);
    expect(ran.sent.toSorted()).toEqual(['h3: do one', 'h3: do two', 'h4: do one', 'h4: do two']);
    expect(ran.events.flatMap((event) => (event.type === 'host_refused' ? [event.host] : []))).toEqual(['h2']);
    const again = await run({ ...setup, past: ran.events, http: closedTo() });
    expect(again.sent.toSorted()).toEqual(['h1: do one', 'h1: do two', 'h2: do one', 'h2: do two']);
    expect(exitCode(setup, ran.events, again.events)).toBe(0);
  });

  it('as a handler stops the host there, and the handler is asked again', async () => {
    const setup: Setup = {
      inventory: HOSTS(1),
      http: closedTo('h1'),
      playbook: `
- hosts: all
  tasks:
    - {name: one, shell: do one, notify: [gate, last]}
  handlers:
    - {name: gate, ${gate}}
    - {name: last, shell: do last}
  post_tasks:
    - {name: two, shell: do two}
`,
    };
    const ran = await run(setup);
    expect(ran.steps).toEqual(['h1 one changed', 'h1 gate refused']);
    const again = await run({ ...setup, past: ran.events, http: closedTo() });
    expect(again.steps).toEqual(['h1 gate ok', 'h1 last changed', 'h1 two changed']);
  });
});

describe('a gate that waits', () => {
  it('is let go of when the operator lets go, and asked again by resume', async () => {
    let letGo = () => {};
    const setup: Setup = {
      inventory: HOSTS(1),
      playbook: `
- hosts: all
  tasks:
    - {name: gate, mesos_cluster: {masters: ["http://h1"], wait: 3600}}
    - {name: one, shell: do one}
`,
    };
    const ran = await run({
      ...setup,
      onRecord: (_, stop) => {
        letGo = () => {
          stop.drain('Ctrl-C');
          stop.abandon();
        };
      },
      http: (url) => {
        letGo();
        return closedTo('h1')(url);
      },
    });
    expect(ran.events.map(({ type }) => type)).not.toContain('step_finished');
    const again = await run({ ...setup, past: ran.events, http: closedTo() });
    expect(again.steps).toEqual(['h1 gate ok', 'h1 one changed']);
  });
});

describe('a gate in a block', () => {
  it('that refuses before anything was done leaves nothing to put right', async () => {
    const playbook = inBlock.replace('shell: do out', 'debug: {msg: out}');
    const ran = await run({ playbook, inventory: HOSTS(1), http: closedTo('h1') });
    expect(did(ran, 'h1')).toEqual(['before']);
  });

  it('that refuses after something was done lets `always` run', async () => {
    const ran = await run({ playbook: inBlock, inventory: HOSTS(1), http: closedTo('h1') });
    expect(did(ran, 'h1')).toEqual(['before', 'out', 'in', 'tell']);
    expect(exitCode({ playbook: inBlock, inventory: HOSTS(1) }, ran.events)).toBe(3);
  });

  it('at the head of a window: the window is not entered, and what must finish has nothing to finish', async () => {
    for (const head of ['{name: look, debug: {msg: hm}}', '{name: look, shell: do look, changed_when: false}']) {
      const setup: Setup = { playbook: inWindow(head), inventory: HOSTS(1), http: closedTo('h1') };
      const ran = await run(setup);
      expect(ran.sent.filter((line) => !line.includes('look'))).toEqual([]);
      expect(ran.events.filter(({ type }) => type === 'window_closed')).toHaveLength(1);
      const again = await run({ ...setup, past: ran.events, http: closedTo() });
      expect(did(again, 'h1').filter((what) => what !== 'look')).toEqual(['work', 'restart', 'after']);
    }
  });

  const looking = (middle: string) => `
- hosts: all
  tasks:
    - {name: before, shell: do before}
    - block:
        - {name: look, shell: do look, changed_when: false, register: seen}
        - ${middle}
        - {name: gate, ${gate}}
        - {name: work, shell: "do {{ seen.stdout }}"}
`;

  it.each([
    ['has only asked', '{name: ask, debug: {msg: hm}}', ['look', 'new']],
    ['has done something, though what it saw may be old', '{name: out, shell: do out}', ['old']],
  ])('is asked again, and all of a block with it that %s', async (_, middle, after) => {
    let sees = 'old';
    const answers: Setup['answers'] = (_host, command) => ({ stdout: command.includes('do look') ? sees : '' });
    const setup: Setup = { playbook: looking(middle), inventory: HOSTS(1), http: closedTo('h1'), answers };
    const first = await run(setup);
    expect(did(first, 'h1')).toContain('look');
    sees = 'new';
    const second = await run({ ...setup, past: first.events });
    expect(did(second, 'h1').filter((what) => what !== 'look')).toEqual([]);
    const past = [...first.events, ...second.events];
    const third = await run({ ...setup, past, http: closedTo() });
    expect(did(third, 'h1')).toEqual(after);
    expect(await run({ ...setup, past: [...past, ...third.events], http: closedTo() })).toMatchObject({ sent: [] });
  });

  it('within a window that has begun: a failure, and what must finish runs', async () => {
    const setup: Setup = {
      playbook: inWindow('{name: shut, shell: do shut}'),
      inventory: HOSTS(1),
      http: closedTo('h1'),
    };
    const ran = await run(setup);
    expect(did(ran, 'h1')).toEqual(['shut', 'restart']);
    expect(ran.steps).toContain('h1 gate failed');
    expect(JSON.stringify(resultsOf(ran.events)['h1 gate'])).toContain('its window has begun');
    expect(exitCode(setup, ran.events)).toBe(2);
  });
});

describe('resume', () => {
  it('asks the gate again, and the host goes on where it was', async () => {
    const setup: Setup = {
      playbook: `- hosts: all\n  tasks:\n    - {name: one, shell: do one}\n    - {name: gate, ${gate}}\n    - {name: two, shell: do two}\n`,
      http: closedTo('h2'),
    };
    const first = await run(setup);
    expect(first.events.some(({ type }) => type === 'play_finished')).toBe(true);
    const second = await run({ ...setup, past: first.events });
    expect(second.steps).toEqual(['h2 gate refused']);
    const third = await run({ ...setup, past: [...first.events, ...second.events], http: closedTo() });
    expect(third.steps).toEqual(['h2 gate ok', 'h2 two changed']);
    const all = [first.events, second.events, third.events];
    expect(exitCode(setup, ...all)).toBe(0);
    expect(third.events.map(({ type }) => type).slice(-2)).toEqual(['batch_finished', 'play_finished']);
    expect((await run({ ...setup, past: all.flat(), http: closedTo() })).events).toEqual([]);
  });

  it('begins a block anew that was put right meanwhile', async () => {
    const setup: Setup = { playbook: inBlock, inventory: HOSTS(1) };
    const first = await run({ ...setup, http: closedTo('h1') });
    const second = await run({ ...setup, http: closedTo(), past: first.events });
    expect(did(second, 'h1')).toEqual(['out', 'upgrade', 'in', 'tell', 'after']);
  });

  it('comes to the same wherever both runs break off', async () => {
    const setup: Setup = {
      playbook: inBlock,
      inventory: HOSTS(1),
      operator: { resolve: async () => 'redo' },
    };
    const firsts = await run({ ...setup, http: closedTo('h1') });
    for (let one = 1; one <= firsts.events.length; one++) {
      const first = await run({ ...setup, http: closedTo('h1'), dieAfter: one });
      const whole = await run({ ...setup, http: closedTo(), past: first.events });
      for (let two = 1; two <= whole.events.length; two++) {
        const second = await run({ ...setup, http: closedTo(), past: first.events, dieAfter: two });
        const past = [...first.events, ...second.events];
        const third = await run({ ...setup, http: closedTo(), past });
        const done = [...past, ...third.events].flatMap((event) =>
          event.type === 'step_finished' && event.status !== 'refused' ? [event.task] : [],
        );
        const message = `broken off after ${one} events, then after ${two}: ${done.join(' ')}`;
        // Whatever happened: out before the upgrade, and in again after it, and never an upgrade while it is in.
        const last = (task: string) => done.lastIndexOf(task);
        expect(
          done.filter((task) => task === 'upgrade'),
          message,
        ).toHaveLength(1);
        expect(last('out'), message).toBeLessThan(last('upgrade'));
        expect(done.slice(last('out'), last('upgrade')), message).not.toContain('in');
        expect(done.slice(last('upgrade')), message).toEqual(['upgrade', 'in', 'tell', 'after']);
      }
    }
  });

  it('takes a step for failed that can change something, was under way, and now refuses', async () => {
    const hex = Buffer.from('LoadState=loaded\nActiveState=active\n').toString('hex').replace(/../g, ' $&');
    const setup: Setup = {
      playbook: '- hosts: all\n  tasks:\n    - {name: rexray, mesos_rexray: {}}\n',
      inventory: HOSTS(1),
      answers: () => ({ stdout: `= unit rexray.service\n- show\n${hex}\n= mute\n= end\n` }),
    };
    const first = await run(setup);
    expect(first.steps).toEqual(['h1 rexray refused']);
    const at = first.events.findIndex(({ type }) => type === 'step_started');
    const again = await run({ ...setup, past: first.events.slice(0, at + 1) });
    expect(again.steps).toEqual(['h1 rexray failed']);
    expect(JSON.stringify(resultsOf(again.events)['h1 rexray'])).toContain('look what it did on the host');
  });

  it('takes a gate again that was under way: it only asks', async () => {
    const setup: Setup = { playbook: inBlock, inventory: HOSTS(1), http: closedTo('h1') };
    const before = await run(setup);
    const at = before.events.findIndex((event) => event.type === 'step_started' && event.task === 'gate');
    const again = await run({ ...setup, past: before.events.slice(0, at + 1) });
    expect(again.steps[0]).toBe('h1 gate refused');
  });
});
