import { describe, expect, it } from 'vitest';
import { explainHost, explainRun, type Gate } from '../../src/engine/explain.ts';
import type { RunEvent } from '../../src/journal/event.ts';
import { replay } from '../../src/journal/progress.ts';
import { stamp } from '../../src/journal/stamp.ts';
import { HOSTS, planOf, run, type Setup } from './harness.ts';

const SETUP: Setup = {
  playbook: `
- name: Roll
  hosts: all
  serial: 3
  max_failures: 1
  tasks:
    - {name: one, raw: one}
    - {name: two, raw: two}
`,
  inventory: HOSTS(6),
};

function given(past: readonly RunEvent[], setup: Setup = SETUP) {
  return {
    plan: planOf(setup).plan,
    past,
    progress: replay(past.map((event, index) => stamp(event, new Date(index * 1000)))),
    run: 'R',
    holder: { user: 'ada', pid: 42, since: '1970-01-01T00:00:00.000Z' },
    fold: (hosts: readonly string[]) => hosts.join(' '),
    reason: (result: { readonly msg?: unknown }) => String(result.msg),
  };
}

const shown = (gates: readonly Gate[] | undefined) =>
  gates?.map(
    ({ gate, passed, why, unblock }) =>
      `${passed ? 'PASS' : 'FAIL'} ${gate}: ${why}${unblock === undefined ? '' : ` → ${unblock}`}`,
  );

const of = async (setup: Setup, until: (event: RunEvent) => boolean) => {
  const { events } = await run(setup);
  return events.slice(0, events.findIndex(until) + 1);
};

describe('explain', () => {
  it('says of a run what it waits for, with figures', async () => {
    const past = await of(
      SETUP,
      (event) => event.type === 'step_started' && event.host === 'h2' && event.task === 'two',
    );
    const busy = past.filter(
      (event) => !(event.type === 'step_finished' && event.host === 'h1' && event.task === 'two'),
    );
    expect(shown(explainRun(given(busy)))).toEqual([
      'PASS a process runs it: ada since 1970-01-01T00:00:00.000Z (pid 42)',
      'PASS nobody has said to wait: it is not paused',
      'PASS less has gone wrong than the play bears: 0 of 3 hosts of batch 1 failed (all of them may not), 0 of the play (at most 1), 0 lost',
      expect.stringMatching(
        /^FAIL batch 1 of 2 of play 1 is through: 3 of 3 hosts have something left to do: h1 h2 h3; 2 at work, the longest h1 at "two" since .* → logs R h1 --follow$/,
      ),
    ]);
  });

  it('calls nobody at work where no process runs it', async () => {
    const past = await of(SETUP, (event) => event.type === 'step_started' && event.task === 'one');
    const { holder: _, ...broken } = given(past);
    const gates = shown(explainRun(broken));
    expect(shown(explainHost('h1', broken))?.at(-1)).toMatch(/^FAIL .*"one" \(.*\) was begun at .* → resume R$/);
    expect(gates?.[0]).toBe('FAIL a process runs it: it broke off → resume R');
    expect(gates?.at(-1)).toMatch(
      /; of \d nobody knows whether it took what was begun, the first h\d at "one" since \S+$/,
    );
  });

  it('says of a host whom it waits for, and of a batch which comes before it', async () => {
    const past = await of(
      SETUP,
      (event) => event.type === 'step_started' && event.host === 'h2' && event.task === 'one',
    );
    const ahead: RunEvent[] = [
      ...past,
      ...(['step_finished'] as const).map((type) => ({
        ...(past.find((event) => event.type === 'step_started' && event.host === 'h1') as Extract<
          RunEvent,
          { type: 'step_started' }
        >),
        type,
        status: 'ok' as const,
        ignored: false,
        rescued: false,
        ms: 1,
        noLog: false,
        notified: [],
        result: {},
      })),
    ];
    expect(shown(explainHost('h1', given(ahead)))?.at(-1)).toMatch(
      /^FAIL it may take its next step: next is "two" \(1\.tasks\.2\), and waits until the batch has come so far: h2 h3; h2 has been at "one" since .* → logs R h2 --follow$/,
    );
    expect(shown(explainHost('h2', given(ahead)))?.at(-1)).toMatch(
      /^PASS it may take its next step: it takes "one" .*; if it never ends: force R h2 1\.tasks\.1$/,
    );
    expect(shown(explainHost('h5', given(ahead)))).toContainEqual(
      expect.stringMatching(
        /^FAIL it is the turn of batch 2 of play 1: 1 batch comes before it; batch 1: 3 of 3 hosts/,
      ),
    );
    expect(explainHost('h9', given(ahead))).toBeUndefined();
  });

  it('says where a host failed, how much of the budget that takes, and what would let it go on', async () => {
    const { events } = await run({
      ...SETUP,
      answers: (host, command) => (/h[12]/.test(host) && command === 'one' ? 3 : 0),
    });
    expect(shown(explainRun(given(events)))).toEqual([
      expect.stringMatching(/^PASS a process/),
      expect.stringMatching(/^PASS nobody/),
      expect.stringMatching(
        /^FAIL nothing has stopped it: 2 hosts of the play failed, more than max_failures: 1 allows \(.*\) → resume R$/,
      ),
      expect.stringMatching(
        /^FAIL less has gone wrong than the play bears: 2 hosts of the play failed, more than .*; 2 of 3 hosts of batch 1 .*; failed: h1 h2 → restart R h1 --reason "…"$/,
      ),
      expect.stringMatching(
        /^FAIL batch 1 of 2 of play 1 is through: 1 of 3 hosts have something left to do: h3; nothing runs on them$/,
      ),
    ]);
    expect(shown(explainHost('h1', given(events)))).toContainEqual(
      'FAIL it has not failed: failed at "one" (1.tasks.1): non-zero return code → restart R h1 1.tasks.1 --reason "…"',
    );
  });

  it('lists what a gate looked at, passed or not', async () => {
    const setup: Setup = { ...SETUP, inventory: HOSTS(1) };
    const past = await of(setup, (event) => event.type === 'step_started');
    const step = past.find((event) => event.type === 'step_started') as Extract<RunEvent, { type: 'step_started' }>;
    const checks = [
      { check: 'masters', passed: true, why: '3 of 3 answer' },
      { check: 'agents', passed: false, why: '2 are lost, at most 1' },
    ];
    const refused: RunEvent = {
      ...step,
      type: 'step_finished',
      status: 'refused',
      ignored: false,
      rescued: false,
      ms: 1,
      noLog: false,
      notified: [],
      result: { refused: true, msg: 'the cluster is not well', checks },
    };
    const lines = shown(explainHost('h1', given([...past, refused], setup)));
    expect(lines).toEqual(
      expect.arrayContaining([
        'PASS one: masters: 3 of 3 answer',
        'FAIL one: agents: 2 are lost, at most 1',
        'FAIL it has not been turned away: "one": the cluster is not well → resume R',
      ]),
    );
  });

  it('offers no restart where more was lost than the play bears: that takes back no loss', async () => {
    const setup: Setup = {
      playbook: `
- name: Roll
  hosts: all
  serial: 1
  max_lost: 0
  vars: {lost: [{id: one, why: gone}]}
  tasks:
    - {name: look, debug: {var: lost}, failed_when: true}
    - {name: two, raw: two}
`,
      inventory: HOSTS(2),
    };
    const { events } = await run(setup);
    const [step] = events.filter((event) => event.type === 'step_finished');
    const restarted: RunEvent = {
      ...{ type: 'host_restarted', host: 'h1', play: 'Roll', playNumber: 1, batch: 1 },
      ...{ reason: 'well again', by: { user: 'ada', bastion: 'b' } },
    };
    const again = { ...step, result: { lost: [{ id: 'one', why: 'still gone' }] } } as RunEvent;
    for (const past of [events, [...events, restarted], [...events, restarted, again]]) {
      const gate = explainRun(given(past, setup)).find((each) => each.gate.startsWith('less has gone wrong'));
      expect(gate).toMatchObject({ passed: false, why: expect.stringContaining('1 lost (at most 0)') });
      expect(gate?.why).toContain('what was lost stays lost');
      expect(gate?.unblock).toBeUndefined();
    }
  });

  it('says of a host what the run waits for, before any play has begun', () => {
    const paused: RunEvent = { type: 'run_paused', reason: 'not yet', by: { user: 'ada', bastion: 'b' } };
    expect(shown(explainHost('h1', given([paused])))).toEqual([
      expect.stringMatching(/^PASS a process runs it/),
      expect.stringMatching(/^FAIL nobody has said to wait: paused since .*not yet → continue R/),
      expect.stringMatching(/^FAIL it is the turn of batch 1 of play 1: it has not begun yet/),
      expect.stringMatching(/^PASS it has not been turned away/),
      expect.stringMatching(/^PASS it has not failed/),
    ]);
  });
});
