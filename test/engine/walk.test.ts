import { describe, expect, it } from 'vitest';
import { type Ending, type Whereabouts, whereabouts } from '../../src/engine/walk.ts';
import { treeOf } from '../../src/plan/tree.ts';
import { part, play, task } from './play.ts';

const inBlock = (id: string) => task(id, { blocks: [part('B', 'block')] });
const inRescue = (id: string) => task(id, { blocks: [part('B', 'rescue')] });
const inAlways = (id: string) => task(id, { blocks: [part('B', 'always')] });
const inWindow = (id: string) => task(id, { blocks: [part('W', 'block', 'w')] });
const mustFinish = (id: string) => task(id, { blocks: [part('W', 'must_finish', 'w')] });

const blockPlay = play([
  task('before'),
  inBlock('b1'),
  inBlock('b2'),
  inRescue('r1'),
  inAlways('a1'),
  inAlways('a2'),
  task('after'),
]);
const bareBlock = play([inBlock('b1'), inAlways('a1'), task('after')]);
const windowPlay = play([
  task('before'),
  inWindow('w1'),
  inWindow('w2'),
  mustFinish('m1'),
  mustFinish('m2'),
  task('after'),
]);

function walk(of: typeof blockPlay, past: Readonly<Record<string, Ending>>): Whereabouts {
  return whereabouts(treeOf(of), {
    ending: ({ id }) => past[id],
    nextHandler: () => undefined,
    failedHandler: () => undefined,
    // The handlers after pre_tasks stand at 0.
    hasTouched: (position) => ['passed', 'failed'].includes(past[of.tasks[position - 1]?.id ?? ''] ?? ''),
  });
}

function brief(where: Whereabouts): string {
  if (where.kind !== 'next') return where.kind + ('failedAt' in where ? ` at ${where.failedAt.id}` : '');
  return [
    where.task.id,
    ...(where.mending ? ['mending'] : []),
    ...(where.failedAt ? [`after ${where.failedAt.id}`] : []),
  ].join(' ');
}

describe('where a host is in a block with rescue and always', () => {
  it.each<[past: Record<string, Ending>, where: string]>([
    [{}, 'before'],
    [{ before: 'failed' }, 'failed at before'],
    [{ before: 'unreachable' }, 'unreachable at before'],
    [{ before: 'ended' }, 'ended'],
    [{ before: 'passed' }, 'b1'],
    [{ before: 'passed', b1: 'passed' }, 'b2'],
    [{ before: 'passed', b1: 'failed' }, 'r1 mending'],
    [{ before: 'passed', b1: 'failed', r1: 'passed' }, 'a1 mending'],
    [{ before: 'passed', b1: 'failed', r1: 'passed', a1: 'passed', a2: 'passed' }, 'after'],
    [{ before: 'passed', b1: 'failed', r1: 'failed' }, 'a1 mending after r1'],
    [{ before: 'passed', b1: 'failed', r1: 'failed', a1: 'passed', a2: 'passed' }, 'failed at r1'],
    [{ before: 'passed', b1: 'failed', r1: 'failed', a1: 'failed' }, 'failed at a1'],
    [{ before: 'passed', b1: 'passed', b2: 'passed' }, 'a1 mending'],
    [{ before: 'passed', b1: 'passed', b2: 'passed', a1: 'failed' }, 'failed at a1'],
    // Unreachable: neither rescue nor always, as in Ansible.
    [{ before: 'passed', b1: 'unreachable' }, 'unreachable at b1'],
    [{ before: 'passed', b1: 'ended' }, 'ended'],
    [{ before: 'passed', b1: 'passed', b2: 'passed', a1: 'passed', a2: 'passed', after: 'passed' }, 'through'],
  ])('%j → %s', (past, where) => {
    expect(brief(walk(blockPlay, past))).toBe(where);
  });

  it('a failure that nothing rescues is known as one while always still runs', () => {
    expect(brief(walk(bareBlock, { b1: 'failed' }))).toBe('a1 mending after b1');
    expect(brief(walk(bareBlock, { b1: 'failed', a1: 'passed' }))).toBe('failed at b1');
  });
});

describe('where a host is in a window', () => {
  it.each<[past: Record<string, Ending>, where: string]>([
    [{ before: 'passed' }, 'w1'],
    [{ before: 'passed', w1: 'passed' }, 'w2'],
    [{ before: 'passed', w1: 'failed' }, 'm1 mending after w1'],
    [{ before: 'passed', w1: 'unreachable' }, 'm1 mending after w1'],
    [{ before: 'passed', w1: 'unreachable', m1: 'passed' }, 'm2 mending after w1'],
    [{ before: 'passed', w1: 'unreachable', m1: 'passed', m2: 'passed' }, 'unreachable at w1'],
    [{ before: 'passed', w1: 'unreachable', m1: 'unreachable' }, 'unreachable at w1'],
    [{ before: 'passed', w1: 'passed', w2: 'passed' }, 'm1 mending'],
    [{ before: 'passed', w1: 'passed', w2: 'passed', m1: 'failed' }, 'failed at m1'],
    [{ before: 'passed', w1: 'failed', m1: 'passed', m2: 'passed' }, 'failed at w1'],
    [{ before: 'passed', w1: 'passed', w2: 'passed', m1: 'passed', m2: 'passed' }, 'after'],
  ])('%j → %s', (past, where) => {
    expect(brief(walk(windowPlay, past))).toBe(where);
  });

  it('all of its tasks share one position, so that no barrier falls between them', () => {
    const positions = [
      { before: 'passed' },
      { before: 'passed', w1: 'passed' },
      { before: 'passed', w1: 'failed' },
    ].map((past) => {
      const where = walk(windowPlay, past as Record<string, Ending>);
      return where.kind === 'next' ? where.position : undefined;
    });
    expect(positions[0]).toBeDefined();
    expect(new Set(positions).size).toBe(1);
  });
});

describe('where a host is that a gate said no to', () => {
  it.each<[string, typeof blockPlay, past: Record<string, Ending>, where: string]>([
    ['outside blocks', blockPlay, { before: 'refused' }, 'refused at before'],
    ['before anything was done in the block', blockPlay, { before: 'passed', b1: 'refused' }, 'refused at b1'],
    ['after something was done', blockPlay, { before: 'passed', b1: 'passed', b2: 'refused' }, 'a1 mending after b2'],
    [
      'and all is put right',
      blockPlay,
      { before: 'passed', b1: 'passed', b2: 'refused', a1: 'passed', a2: 'passed' },
      'refused at b2',
    ],
    ['in the rescue', blockPlay, { before: 'passed', b1: 'failed', r1: 'refused' }, 'a1 mending after r1'],
    ['in always', bareBlock, { b1: 'passed', a1: 'refused' }, 'refused at a1'],
    ['at the head of a window', windowPlay, { before: 'passed', w1: 'refused' }, 'refused at w1'],
    ['within a window', windowPlay, { before: 'passed', w1: 'passed', w2: 'refused' }, 'm1 mending after w2'],
  ])('%s', (_, of, past, where) => {
    expect(brief(walk(of, past))).toBe(where);
  });
});

describe('handlers', () => {
  const notifying = play([
    task('t1'),
    task('t2'),
    task('h1', { section: 'handlers' }),
    task('p1', { section: 'post_tasks' }),
  ]);

  it('run at the end of the section, before the next one', () => {
    const where = whereabouts(treeOf(notifying), {
      ending: ({ id }) => (['t1', 't2'].includes(id) ? 'passed' : undefined),
      nextHandler: (position) => notifying.tasks.find(({ id }) => id === 'h1' && position === 3),
      failedHandler: () => undefined,
      hasTouched: () => false,
    });
    expect(where).toMatchObject({ kind: 'next', task: { id: 'h1' }, flushedAt: 3 });
  });

  it('that went wrong fail the host there', () => {
    const [h1] = notifying.tasks.filter(({ id }) => id === 'h1');
    const where = whereabouts(treeOf(notifying), {
      ending: ({ id }) => (['t1', 't2'].includes(id) ? 'passed' : undefined),
      nextHandler: () => undefined,
      failedHandler: (position) => (position === 3 && h1 !== undefined ? { task: h1, ending: 'failed' } : undefined),
      hasTouched: () => false,
    });
    expect(brief(where)).toBe('failed at h1');
  });
});
