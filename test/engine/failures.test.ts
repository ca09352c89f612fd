import { describe, expect, it } from 'vitest';
import { Failures } from '../../src/engine/failures.ts';
import type { Grief, Whereabouts } from '../../src/engine/walk.ts';
import { play, task } from './play.ts';

const broken = task('broken');
const cleanup = task('cleanup');
const first = play([broken, cleanup]);
const second = play([broken], { number: 2 });

const cleaningUpAfter = (failedAs: Grief): Whereabouts => ({
  kind: 'next',
  task: cleanup,
  position: 2,
  mending: true,
  failedAt: broken,
  failedAs,
});

describe('a host has failed in a play', () => {
  it.each<readonly [string, Whereabouts, boolean]>([
    ['that failed', { kind: 'failed', failedAt: broken }, true],
    ['that cannot be reached', { kind: 'unreachable', failedAt: broken }, true],
    ['that failed and is still cleaning up', cleaningUpAfter('failed'), true],
    ['that a gate said no to', { kind: 'refused', failedAt: broken }, false],
    ['that a gate said no to and is still cleaning up', cleaningUpAfter('refused'), false],
    ['that is being rescued', { kind: 'next', task: cleanup, position: 2, mending: true }, false],
    ['that is through', { kind: 'through' }, false],
  ])('where it is one %s', (_, where, hasFailed) => {
    const failures = new Failures();
    failures.note(first, 'h', where);
    expect([...failures.in(first)]).toEqual(hasFailed ? [['h', broken]] : []);
    expect(failures.in(second).size).toBe(0);
  });

  it('until that is forgotten, and not only until it stands well', () => {
    const failures = new Failures();
    failures.note(first, 'h', { kind: 'failed', failedAt: broken });
    failures.note(first, 'h', { kind: 'through' });
    expect(failures.in(first).has('h')).toBe(true);
    failures.forget(first, 'h');
    expect(failures.in(first).has('h')).toBe(false);
  });
});
