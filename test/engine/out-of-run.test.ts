import { describe, expect, it } from 'vitest';
import { OutOfRun } from '../../src/engine/out-of-run.ts';

describe('a host is out of the run', () => {
  const held = new Map([['h', 'held by another run']]);

  it.each<readonly [string, (out: OutOfRun) => void, string | undefined]>([
    ['turned away', (out) => out.turnAway('a', 'too late'), 'too late'],
    ['left behind', (out) => out.leaveBehind('a'), undefined],
    ['lost sight of', (out) => out.loseSightOf('a'), undefined],
  ])('once it is %s, and no other with it', (_, leave, reason) => {
    const out = new OutOfRun(held);
    expect(out.has('a')).toBe(false);
    leave(out);
    expect([out.has('a'), out.reasonFor('a'), out.has('b')]).toEqual([true, reason, false]);
  });

  it('no more when it is let in', () => {
    const out = new OutOfRun(held);
    out.turnAway('a', 'skipped');
    out.leaveBehind('a');
    out.letIn('a');
    expect([out.has('a'), out.reasonFor('a')]).toEqual([false, undefined]);
  });

  it('as long as another run holds it, whoever lets it in', () => {
    const out = new OutOfRun(held);
    out.letIn('h');
    expect([out.has('h'), out.reasonFor('h')]).toEqual([true, 'held by another run']);
  });

  it('when nobody knows where it stands, whoever lets it in', () => {
    const out = new OutOfRun(held);
    out.loseSightOf('a');
    out.letIn('a');
    expect(out.has('a')).toBe(true);
  });
});
