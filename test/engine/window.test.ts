import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/journal/event.ts';
import { type Answers, run } from './harness.ts';

const PLAYBOOK = `
- hosts: all
  tasks:
    - {name: before, shell: do before}
    - window: {name: w, length: 900, reserve: 3m, expected: 60, guard: do guard}
      block:
        - {name: out, shell: do out}
        - {name: upgrade, shell: do upgrade}
      must_finish:
        - {name: in, shell: do in}
    - {name: after, shell: do after}
`;

/** A host that keeps windows as a real one does, as far as the engine can tell. */
function keeper(
  told: {
    readonly passes?: Readonly<Record<string, number>>;
    readonly says?: Partial<Record<'open' | 'look' | 'close', string>>;
  } = {},
) {
  let uptimeCs = 100_000;
  let boot = 'b1';
  let opened = '';
  const seen: string[] = [];
  const moment = () => `${uptimeCs} ${1_700_000_000 + uptimeCs / 100} ${boot}`;
  const answers: Answers = (_, command) => {
    if (command.includes("printf 'phase open")) {
      seen.push('open');
      opened = moment();
      return { stdout: told.says?.open ?? `= opened ${opened}\n` };
    }
    if (command.includes('echo "= now')) {
      return { stdout: told.says?.look ?? `= opened ${opened}\n= now ${moment()}\n` };
    }
    if (command.includes('phase closed')) {
      seen.push('close');
      return { stdout: told.says?.close ?? '' };
    }
    const word = /do (\w+)/.exec(command)?.[1] ?? command;
    seen.push(word);
    uptimeCs += (told.passes?.[word] ?? 1) * 100;
    return 0;
  };
  return { seen, answers, reboot: () => (boot = 'b2') };
}

const once = { inventory: 'h1\n', playbook: PLAYBOOK };
const finished = (events: readonly RunEvent[], task: string) =>
  events.find((event) => event.type === 'step_finished' && event.task === task);

describe('a window with a deadline', () => {
  it('is opened on the host before its first task, and closed after its last', async () => {
    const host = keeper();
    const { events } = await run({ ...once, answers: host.answers });
    expect(host.seen).toEqual(['before', 'open', 'out', 'upgrade', 'in', 'close', 'after']);
    expect(events.filter(({ type }) => type.startsWith('window_'))).toMatchObject([
      { type: 'window_opened', window: 'w', lengthMs: 900_000 },
      { type: 'window_closed', window: 'w' },
    ]);
  });

  it('stands in the journal before the host is told', async () => {
    const host = keeper();
    const order: string[] = [];
    await run({
      ...once,
      answers: (name, command) => {
        const before = host.seen.length;
        const answer = host.answers(name, command);
        order.push(...host.seen.slice(before));
        return answer;
      },
      onRecord: ({ type }) => {
        if (type.startsWith('window_')) order.push(type);
      },
    });
    expect(order).toEqual([
      'before',
      'window_opened',
      'open',
      'out',
      'upgrade',
      'in',
      'close',
      'window_closed',
      'after',
    ]);
  });

  it('goes straight to what must finish when no more than the reserve is left, and the host is told degraded', async () => {
    const host = keeper({ passes: { out: 730 } });
    const { events, steps } = await run({ ...once, answers: host.answers });
    expect(host.seen).toEqual(['before', 'open', 'out', 'in', 'close']);
    expect(steps).toContain('h1 upgrade failed');
    expect(finished(events, 'upgrade')).toMatchObject({
      result: {
        degraded: true,
        msg: 'not done: 170 s of the window are left, and 180 s are kept for what must finish',
      },
    });
  });

  it('does what must finish even when it is over', async () => {
    const host = keeper({ passes: { out: 2000 } });
    await run({ ...once, answers: host.answers });
    expect(host.seen).toEqual(['before', 'open', 'out', 'in', 'close']);
  });

  it('is void after a reboot', async () => {
    const host = keeper();
    const { events } = await run({
      ...once,
      answers: (name, command) => {
        const answer = host.answers(name, command);
        if (command.includes('do out')) host.reboot();
        return answer;
      },
    });
    expect(host.seen).toEqual(['before', 'open', 'out', 'in', 'close']);
    expect(finished(events, 'upgrade')).toMatchObject({ result: { msg: expect.stringContaining('rebooted') } });
  });

  it('goes to what must finish when the guard has fired', async () => {
    const host = keeper({ says: { look: '= opened 1 2 b1\n= now 100 3 b1\n= fired\n' } });
    await run({ ...once, answers: host.answers });
    expect(host.seen).toEqual(['before', 'open', 'in', 'close']);
  });

  it('is not entered by a host that refuses it: the host is turned away, and nothing else is done', async () => {
    const host = keeper({ says: { open: '= refused no guard can be armed on this host: no systemd\n' } });
    const { events } = await run({ ...once, answers: host.answers });
    expect(host.seen).toEqual(['before', 'open']);
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'host_refused',
        host: 'h1',
        reason: 'window "w" was not opened: no guard can be armed on this host: no systemd',
      }),
    );
  });

  it('is asked again with what a block around it has looked at, and with nothing that was done', async () => {
    const indented = PLAYBOOK.slice(PLAYBOOK.indexOf('    - window'), PLAYBOOK.indexOf('    - {name: after')).replace(
      /^/gm,
      '    ',
    );
    const playbook = `
- hosts: all
  tasks:
    - {name: before, shell: do before}
    - block:
        - {name: look, shell: do look, changed_when: false}
${indented}`;
    const no = keeper({ says: { open: '= refused no guard can be armed on this host: no systemd\n' } });
    const first = await run({ ...once, playbook, answers: no.answers });
    expect(no.seen).toEqual(['before', 'look', 'open']);
    const yes = keeper();
    const second = await run({ ...once, playbook, past: first.events, answers: yes.answers });
    expect(yes.seen).toEqual(['look', 'open', 'out', 'upgrade', 'in', 'close']);
    const third = await run({ ...once, playbook, past: [...first.events, ...second.events] });
    expect(third.sent).toEqual([]);
  });

  it('is not entered where its block does not fit, and the host is not even asked', async () => {
    const host = keeper();
    const { events } = await run({
      ...once,
      playbook: PLAYBOOK.replace('expected: 60', 'expected: 13m'),
      answers: host.answers,
    });
    expect(host.seen).toEqual(['before']);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'host_refused', reason: expect.stringContaining('expected to take 780 s') }),
    );
  });

  it('may have a length that the host itself has told', async () => {
    const host = keeper();
    const playbook = PLAYBOOK.replace('length: 900', 'length: "{{ told.stdout | default(\'2mins\') }}"').replace(
      '3m',
      '30',
    );
    const { events } = await run({ ...once, playbook, answers: host.answers });
    expect(events).toContainEqual(expect.objectContaining({ type: 'window_opened', lengthMs: 120_000 }));
  });

  it('turns the host away where its length is none', async () => {
    const playbook = PLAYBOOK.replace('length: 900', 'length: "{{ nothing_such }}"');
    const { events } = await run({ ...once, playbook, answers: keeper().answers });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'host_refused', reason: expect.stringContaining('nothing_such') }),
    );
  });

  it('arms no guard where the playbook says why', async () => {
    const sent: string[] = [];
    const host = keeper();
    const playbook = PLAYBOOK.replace('guard: do guard', 'guard: {none: the host has no systemd}');
    await run({
      ...once,
      playbook,
      answers: (name, command) => {
        sent.push(command);
        return host.answers(name, command);
      },
    });
    expect(sent.join('\n')).not.toContain('systemd-run');
    expect(host.seen).toEqual(['before', 'open', 'out', 'upgrade', 'in', 'close', 'after']);
  });
});

describe('a host that is gone', () => {
  const GONE = { unreachable: 'no route' };

  /** The network is away for so many attempts, from the first one of a command on. */
  const away = (host: ReturnType<typeof keeper>, from: string, attempts: number, first: object = GONE): Answers => {
    let left = attempts;
    return (name, command) => {
      const isFirst = left === attempts;
      if (left === 0 || (isFirst && !command.includes(from))) return host.answers(name, command);
      left -= 1;
      return isFirst ? first : GONE;
    };
  };

  it.each(['do out', 'do in', 'phase closed'])(
    'inside its window is waited for, whatever was to be sent: %s',
    async (from) => {
      const host = keeper();
      const { steps } = await run({ ...once, answers: away(host, from, 20) });
      expect(host.seen).toEqual(['before', 'open', 'out', 'upgrade', 'in', 'close', 'after']);
      expect(steps).toContain('h1 in changed');
    },
  );

  it('under a command is brought home when it is back, and the command is not sent again', async () => {
    const host = keeper();
    const { steps } = await run({ ...once, answers: away(host, 'do out', 20, { lost: 'reset' }) });
    expect(host.seen).toEqual(['before', 'open', 'in', 'close']);
    expect(steps).toContain('h1 out unreachable');
    expect(steps).toContain('h1 in changed');
  });

  it('spends no time limit of what waits for it', async () => {
    const limits: (number | undefined)[] = [];
    const host = keeper();
    const playbook = PLAYBOOK.replace('do in}', 'do in, timeout: 60}');
    await run({
      ...once,
      playbook,
      answers: away(host, 'do in', 20),
      onSend: (command, { timeoutMs }) => {
        if (command.includes('do in')) limits.push(timeoutMs);
      },
    });
    expect(limits.at(-1)).toBe(60_000);
  });

  it('for ten minutes is given up, once for all that was to be sent to it', async () => {
    const host = keeper();
    const sent: string[] = [];
    const { steps } = await run({
      ...once,
      answers: (name, command) => {
        sent.push(command);
        return sent.some((each) => each.includes('do upgrade')) ? GONE : host.answers(name, command);
      },
    });
    expect(steps).toEqual(['h1 before changed', 'h1 out changed', 'h1 upgrade unreachable', 'h1 in unreachable']);
    expect(sent.filter((command) => command.includes('do upgrade'))).toHaveLength(122);
    expect(sent.filter((command) => command.includes('do in'))).toHaveLength(1);
  });

  it('and has never answered in its window, is not waited for', async () => {
    const sent: string[] = [];
    await run({
      ...once,
      playbook: PLAYBOOK.replace(/\{name: w.*\}/, 'w'),
      answers: (_, command) => {
        sent.push(command);
        return command.includes('do before') ? 0 : GONE;
      },
    });
    expect(sent).toEqual(['do before', 'do out', 'do in']);
  });
});
