import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { type Answers, HOSTS, type Ran, resultsOf, run, type Setup } from './harness.ts';

const playbook = `
- hosts: all
  serial: [1, 2]
  max_fail_percentage: 60
  tasks:
    - {name: ask, shell: ask state, register: state, changed_when: false}
    - {name: once, shell: do once, run_once: true, register: shared}
    - {name: note, set_fact: {seen: "{{ state.stdout }} {{ shared.stdout }}"}}
    - block:
        - {name: risky, shell: do risky}
      rescue:
        - {name: mend, shell: do mend}
      always:
        - {name: tidy, shell: do tidy, notify: reload}
    - window: w
      block:
        - {name: shut, shell: do shut}
      must_finish:
        - {name: restart, shell: do restart}
    - {name: use, shell: "do use {{ seen }}"}
  handlers:
    - {name: reload, shell: do reload}
- hosts: all
  strategy: host_pinned
  tasks:
    - {name: last, shell: "do last {{ seen }}"}
`;

const answers: Answers = (host, command) => {
  if (command.includes('ask')) return { stdout: `${host}-ok\n` };
  if (command.includes('once')) return { stdout: 'shared\n' };
  if (command.includes('risky') && host === 'h2') return 1;
  return command.includes('use') && host === 'h4' ? 1 : 0;
};

const setup: Setup = { playbook, inventory: HOSTS(5), answers };

/** A host that remembers what was done to it, and an operator who knows it and says so. */
function remembered() {
  const sent: string[] = [];
  const answersAndRemembers: Answers = (host, command) => {
    sent.push(`${host}: ${command}`);
    return answers(host, command);
  };
  // `ask` says changed_when: false: nobody needs to be asked about it.
  const resolve = async (question: string): Promise<'assume-done' | 'redo'> => {
    const [, task, host] = /^"([^"]+)".* was begun on (\S+) before/.exec(question) ?? [];
    return sent.some((line) => line.startsWith(`${host}:`) && line.includes(`do ${task}`)) ? 'assume-done' : 'redo';
  };
  return { sent, answers: answersAndRemembers, operator: { resolve } };
}

/** Of each host its steps with their ends: what a run comes to. */
function cameTo({ events }: Pick<Ran, 'events'>): readonly string[] {
  const last = new Map(
    events.flatMap((event) =>
      event.type === 'step_finished'
        ? [[`${event.playNumber} ${event.host} ${event.taskId} ${event.flushedAt ?? ''}`, event.status]]
        : [],
    ),
  );
  return [...last].map(([key, status]) => `${key} ${status}`).toSorted();
}

describe('a run that broke off', () => {
  it('comes, wherever it broke off, to what an undisturbed run comes to, and does nothing twice', async () => {
    const whole = await run(setup);
    const wholeSent = whole.sent.toSorted();
    for (let events = 1; events < whole.events.length; events++) {
      const host = remembered();
      const first = await run({ ...setup, ...host, dieAfter: events });
      expect(first.died).toBe(true);
      const second = await run({ ...setup, ...host, past: first.events });
      // Of a command whose end nobody recorded, what it registered is gone: the operator's word stands for it.
      const assumed = Object.values(resultsOf(second.events)).some((result) =>
        JSON.stringify(result).includes('"assumed":true'),
      );
      const message = `broken off after ${events} events`;
      const changing = host.sent.filter((line) => !line.includes('ask state')).toSorted();
      expect(changing.length, message).toBe(new Set(changing).size);
      if (assumed) continue;
      expect(cameTo({ events: [...first.events, ...second.events] }), message).toEqual(cameTo(whole));
      expect(changing, message).toEqual(wholeSent.filter((line) => !line.includes('ask state')));
    }
  });

  it('leaves a host alone, and goes on with the others, when nobody can say what became of a step', async () => {
    const first = await run({
      ...setup,
      playbook: '- hosts: all\n  tasks:\n    - {name: one, shell: do one}\n    - {name: two, shell: do two}\n',
      dieAfter: 4,
    });
    const begun = first.events.flatMap((event) => (event.type === 'step_started' ? [event.host] : []));
    const ended = first.events.flatMap((event) => (event.type === 'step_finished' ? [event.host] : []));
    const unknown = begun.filter((host) => !ended.includes(host));
    expect(unknown.length).toBeGreaterThan(0);
    const second = await run({
      ...setup,
      playbook: '- hosts: all\n  tasks:\n    - {name: one, shell: do one}\n    - {name: two, shell: do two}\n',
      past: first.events,
    });
    const refused = second.events.filter(
      (event): event is Extract<RunEvent, { type: 'host_refused' }> => event.type === 'host_refused',
    );
    expect(refused.map(({ host }) => host)).toEqual(unknown);
    expect(refused[0]?.reason).toContain('--assume-done or --redo');
    expect(second.steps.filter((step) => step.includes('two'))).toHaveLength(5 - unknown.length);
  });

  it('asks nobody about a step whose condition does not hold, though its parameters mean nothing then', async () => {
    const given = {
      ...setup,
      playbook: '- hosts: all\n  tasks:\n    - {name: one, shell: "do {{ it }}", when: it is defined}\n',
    };
    const whole = await run(given);
    const begun = whole.events.findIndex((event) => event.type === 'step_started');
    const resumed = await run({ ...given, past: whole.events.slice(0, begun + 1) });
    expect(resumed.steps).toHaveLength(5);
    for (const result of Object.values(resultsOf(resumed.events))) expect(result).toMatchObject({ skipped: true });
  });

  it('repeats nothing when it had come to its end', async () => {
    const whole = await run(setup);
    const again = await run({ ...setup, past: whole.events });
    expect(again.sent).toEqual([]);
    expect(again.steps).toEqual([]);
  });
});
