import { describe, expect, it } from 'vitest';
import { type Account, accountOf } from '../../src/account/account.ts';
import { accountDocument } from '../../src/account/document.ts';
import type { RunEvent, Stamped } from '../../src/journal/event.ts';
import { stamp } from '../../src/journal/stamp.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { asHtml } from '../../src/review/as-html.ts';
import { asMarkdown } from '../../src/review/as-markdown.ts';
import { asText } from '../../src/review/as-text.ts';
import type { ValueMap } from '../../src/source/value.ts';
import { type Course, journalOf, windowPlan } from './large-run.ts';

const HOSTS = ['a1', 'a2', 'a3'];
const PLAN = windowPlan(HOSTS, 1, 1);
const HOLDER = { user: 'ada', pid: 4242, since: '2026-11-21T22:00:00.000Z' };
const ADA = { user: 'ada', bastion: 'bastion', terminal: 'pts/3' };

function account(past: readonly Stamped[], { plan = PLAN, isHeld = false } = {}): Account {
  return accountOf(plan, past, {
    now: '2026-11-22T10:00:00.000Z',
    ...(isHeld ? { holder: HOLDER } : {}),
    suffix: '',
    logFolder: 'hosts',
    resumeCommand: 'rollgate resume',
  });
}

const course = (given: Course = {}) => journalOf(PLAN, given);
const text = (given: Account) => asText(accountDocument(given)).replaceAll(/\s+/g, ' ');
const stepsOf = (given: Account, host: string) => given.plays[0]?.hosts.find((each) => each.host === host)?.steps ?? [];

/** The journal up to the first event that fits, that one included. */
function until(past: readonly Stamped[], fits: (event: Stamped) => boolean): readonly Stamped[] {
  return past.slice(0, past.findIndex(fits) + 1);
}

const opened = (host: string) => (event: Stamped) => event.type === 'window_opened' && event.host === host;

/** Events that follow, an hour later. */
function later(past: readonly Stamped[], ...events: readonly RunEvent[]): readonly Stamped[] {
  const last = Date.parse(past.at(-1)?.at ?? '');
  return [...past, ...events.map((event, index) => stamp(event, new Date(last + 3_600_000 + index * 1000)))];
}

describe('what was planned beside what happened', () => {
  it('agrees for a run that went as planned, and tells every step with its time', () => {
    const seen = account(course());
    expect(seen.departures).toEqual([]);
    expect(stepsOf(seen, 'a2').map(({ task, outcome }) => [task, outcome])).toEqual([
      ['look 1', 'ok'],
      ['shut', 'changed'],
      ['up', 'changed'],
      ['look 2', 'ok'],
      ['never', 'skipped'],
    ]);
    expect(stepsOf(seen, 'a2').at(-1)?.why).toBe('not so: never | default(false)');
    expect(seen.hosts[0]?.windows).toMatchObject([{ window: 'care', isOpen: false, lengthMs: 900_000 }]);
  });

  it('says at which step a host came to grief, and that the rest was not done for it', () => {
    const seen = account(course({ failing: new Set(['a2']) }));
    expect(
      stepsOf(seen, 'a2')
        .map(({ outcome, why }) => [outcome, why])
        .slice(2),
    ).toEqual([
      ['failed', 'the unit did not come up'],
      ['not_taken', '"up" failed before it'],
      ['not_taken', '"up" failed before it'],
    ]);
    expect(seen.departures).toEqual([]);
  });

  const moved = (edit: (event: Stamped) => Stamped): readonly Stamped[] => course().map(edit);
  it.each<[string, readonly Stamped[], string]>([
    [
      'that the plan does not have',
      moved((e) => (e.type === 'step_started' && e.host === 'a2' && e.task === 'up' ? { ...e, taskId: 'x' } : e)),
      'does not stand in the plan',
    ],
    [
      'in another batch',
      moved((e) => (e.type === 'step_started' && e.host === 'a2' ? { ...e, batch: 1 } : e)),
      'was done in batch 1',
    ],
    [
      'on another host',
      moved((e) => (e.type === 'step_started' && e.host === 'a2' ? { ...e, host: 'a9' } : e)),
      'where the plan does not have the host',
    ],
    [
      'in another order',
      [...course(), ...course().filter((e) => 'host' in e && e.host === 'a2')],
      'after one that the plan has later',
    ],
    [
      'that was left out',
      course().filter((e) => !('task' in e && e.task === 'look 2' && e.host === 'a3')),
      'nothing says why',
    ],
  ])('does not agree where there is a step %s', (_, past, what) => {
    const seen = account(past);
    expect(seen.departures.map((each) => each.what).join('; ')).toContain(what);
    expect(text(seen)).toContain('plan and journal do not agree');
    expect(text(seen)).not.toContain('Plan and journal agree');
  });

  it('lets a host begin anew after a resume, and by order', () => {
    const broken = until(course(), opened('a2'));
    const resumed = later(broken, { type: 'run_resumed', run: 'r', operator: 'bob', bastion: 'b2', answer: 'redo' });
    const again = [...resumed, ...course().filter((e) => e.type === 'step_started' && e.host === 'a2')];
    expect(account(again).departures).toEqual([]);
    expect(text(account(again))).toMatch(/bob@b2 resumed; steps of which nobody knew whether they took: done again/);
  });
});

describe('a run that is not over', () => {
  const open = until(course(), opened('a3'));

  it('is told as what it is while it is under way', () => {
    const said = text(account(open, { isHeld: true }));
    expect(said).toContain('Outcome under way');
    expect(said).toContain('this is where it stands, not what it came to');
    expect(said).toContain('windows are open: "care" on a[2-3]');
    expect(said).not.toContain('exit code');
  });

  it('is told as what it is when it broke off', () => {
    const seen = account(open);
    expect(text(seen)).toContain('the run broke off, and nobody runs it');
    expect(stepsOf(seen, 'a3').at(-1)).toMatchObject({ outcome: 'not_taken', why: 'the run broke off before it' });
    expect(seen.hosts.find(({ host }) => host === 'a3')?.windows).toMatchObject([{ isOpen: true }]);
  });

  it('is told as what it is when it was interrupted', () => {
    const stopped = later(
      open,
      { type: 'stopping', scope: 'run', why: 'interrupted', reason: 'Ctrl-C' },
      { type: 'run_finished', exitCode: 130, reason: 'interrupted' },
    );
    const seen = account(stopped);
    expect(text(seen)).toContain('Outcome interrupted (exit code 130)');
    expect(stepsOf(seen, 'a3').at(-1)?.why).toBe('the run stopped before it: Ctrl-C');
  });

  it('has breaks and pauses in its time, and windows that go on over them', () => {
    const paused = later(open, { type: 'run_paused', reason: 'disk', by: ADA });
    const resumed = later(paused, { type: 'run_resumed', run: 'r', operator: 'ada', bastion: 'b' });
    const goneOn = later(resumed, { type: 'run_continued', reason: 'disk replaced', by: ADA });
    const seen = account(goneOn, { isHeld: true });
    expect(seen.legs.map(({ from, to }) => to - from)).toEqual([expect.any(Number), expect.any(Number)]);
    expect(seen.pauses.map(({ from, to }) => (to - from) / 3_600_000)).toEqual([2]);
    const [window] = seen.hosts.find(({ host }) => host === 'a3')?.windows ?? [];
    expect(window?.to).toBe(Date.parse('2026-11-22T10:00:00.000Z'));
    expect(text(seen)).toContain('ada@bastion (pts/3) paused disk');
  });
});

describe('what was lost and what was overridden', () => {
  const batch = { play: 'Roll', playNumber: 1, batch: 2 };
  const lost = { lost: [{ id: 'web' }], remedy: [{ task_id: 't.1', name: 'web', host: 'a2', why: 'it is gone' }] };
  const past = course({ result: (host): ValueMap => (host === 'a2' ? lost : {}) });

  it('is named with what is to be remedied, once, also where the step was done again', () => {
    const order: RunEvent = { type: 'host_restarted', ...batch, host: 'a2', reason: 'look again', by: ADA };
    for (const each of [past, later(past, order)]) {
      const seen = account(each);
      expect(seen.status.lost).toEqual([{ host: 'a2', what: '"web"' }]);
      expect(seen.remedies).toEqual([{ host: 'a2', about: lost.remedy[0] }]);
      expect(text(seen)).toMatch(/a2: "web".*1 task is to be seen to.*t\.1.*it is gone/);
    }
  });

  it('is told to be back where that was learnt later, though a step that looks again does not say so', () => {
    const back = { task_id: 't.2', agent: 'a9', after_seconds: 40 };
    const [known] = past.filter((event) => event.type === 'step_finished' && 'remedy' in event.result);
    const learnt = { ...known, result: { remedy: [{ ...lost.remedy[0], back }] } } as Stamped;
    const seen = account([...past, learnt, known as Stamped]);
    expect(seen.remedies).toEqual([{ host: 'a2', about: { ...lost.remedy[0], back } }]);
    expect(text(seen)).toContain('t.2');
  });

  it('says who forced and skipped what, when and why', () => {
    const broken = until(course(), opened('a3'));
    const task = PLAN.plays[0]?.tasks.find(({ name }) => name === 'look 2');
    const forced: RunEvent = {
      type: 'host_forced',
      ...batch,
      host: 'a2',
      task: 'look 2',
      taskId: task?.id ?? '',
      reason: 'seen by hand',
      by: ADA,
    };
    const skipped: RunEvent = { type: 'host_skipped', ...batch, host: 'a3', reason: 'is being replaced', by: ADA };
    const seen = account(later(broken, forced, skipped));
    expect(stepsOf(seen, 'a2').find(({ isForced }) => isForced)).toMatchObject({ task: 'look 2', outcome: 'ok' });
    expect(stepsOf(seen, 'a3').at(-1)?.why).toBe('a3 left out by ada@bastion (pts/3): is being replaced');
    expect(text(seen)).toMatch(/ada@bastion \(pts\/3\) a2: "look 2" \(\S+\) taken as complete seen by hand/);
  });
});

describe('the printed report', () => {
  const EVIL = '<img src=x onerror=alert(1)>|`**\x1b[2J';

  /** Every text of plan and journal that a host, an inventory or a playbook has a say in. */
  function poisoned(word: string): string {
    const given = {
      failing: new Set(['a2']),
      result: (): ValueMap => ({
        lost: [word],
        remedy: [{ [word]: word }],
        table: [word],
        comparison: [{ became: word }],
      }),
    };
    const past = later(
      course(given),
      { type: 'warning', host: word, message: word },
      { type: 'run_paused', reason: word, by: { user: word, bastion: word } },
      { type: 'run_resumed', run: word, operator: word, bastion: word },
      { type: 'stopping', scope: 'run', why: 'fatal', reason: word },
    );
    const named = (value: unknown) =>
      JSON.parse(
        JSON.stringify(value).replaceAll(/"a2"|"look 1"|"care"|"Roll"|"the unit did not come up"/g, () =>
          JSON.stringify(word),
        ),
      );
    const plan: Plan = named(PLAN);
    return asHtml(accountDocument(account(named(past), { plan })));
  }

  it('shows hostile names as text, in the picture too', () => {
    const marks = (html: string) =>
      (html.replace(/<style>[^<]*<\/style>/, '').match(/<[^>]*>/g) ?? []).map((tag) =>
        tag.replaceAll(/"[^"]*"/g, '""'),
      );
    expect(poisoned(EVIL)).toMatch(/<svg[\s\S]*&lt;img/);
    expect(marks(poisoned(EVIL))).toEqual(marks(poisoned('plain')));
    expect(poisoned(EVIL)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
  });

  it('has a picture that says in words what it shows, and the same in a table', () => {
    const html = asHtml(accountDocument(account(course())));
    expect(html).toMatch(/<svg [^>]*role="img"[^>]*><title>[^<]+<\/title><desc>3 hosts at work from [^<]+<\/desc>/);
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
    expect(asMarkdown(accountDocument(account(course())))).toMatch(/\| `a1` \| changed \|.*care: 22:/);
  });

  it('shows 600 hosts at once, and each by its name; it names those that failed', () => {
    const hosts = Array.from({ length: 600 }, (_, index) => `agent${String(index + 1).padStart(3, '0')}`);
    const plan = windowPlan(hosts);
    const html = asHtml(accountDocument(account(journalOf(plan, { failing: new Set(['agent234']) }), { plan })));
    const pictures = html.match(/<svg[\s\S]*?<\/svg>/g) ?? [];
    expect(pictures).toHaveLength(16);
    expect(pictures[0]).toMatch(/class="bad"[^>]*>✕ agent234</);
    for (const host of hosts) expect(pictures.slice(1).join('')).toContain(`>${host}</text>`);
  });
});
