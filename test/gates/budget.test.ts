import { describe, expect, it } from 'vitest';
import { type Budget, judgeBudget, type Losses } from '../../src/gates/budget.ts';

const losses = (inBatch: number, batchSize: number, inPlay = inBatch): Losses => ({
  inBatch,
  batchSize,
  inPlay,
  lost: [],
});

describe('the failure budget', () => {
  it.each<[budget: Budget, losses: Losses, open: boolean]>([
    [{}, losses(0, 4), true],
    [{}, losses(3, 4), true],
    [{}, losses(4, 4), false],
    [{}, losses(1, 1), false],
    // Exceeded, not equalled.
    [{ maxFailPercentage: 25 }, losses(1, 4), true],
    [{ maxFailPercentage: 24 }, losses(1, 4), false],
    [{ maxFailPercentage: 24.9 }, losses(1, 4), false],
    [{ maxFailPercentage: 25 }, losses(2, 4), false],
    // The share is of the batch's real size: a short last batch.
    [{ maxFailPercentage: 49 }, losses(1, 2), false],
    [{ maxFailPercentage: 50 }, losses(1, 2), true],
    [{ maxFailPercentage: 0 }, losses(0, 10), true],
    [{ maxFailPercentage: 0 }, losses(1, 10), false],
    [{ maxFailPercentage: 30 }, losses(3, 10), true],
    [{ maxFailPercentage: 29 }, losses(3, 10), false],
    // It cannot loosen: a batch that failed whole stops the play.
    [{ maxFailPercentage: 100 }, losses(4, 4), false],
    [{ maxFailPercentage: 101 }, losses(1, 1), false],
    // Over the whole play.
    [{ maxFailures: 0 }, losses(0, 10, 0), true],
    [{ maxFailures: 0 }, losses(1, 10, 1), false],
    [{ maxFailures: 3 }, losses(1, 10, 3), true],
    [{ maxFailures: 3 }, losses(1, 10, 4), false],
    [{ maxFailures: 3, maxFailPercentage: 50 }, losses(0, 10, 4), false],
    [{ maxFailures: 9, maxFailPercentage: 10 }, losses(2, 10, 2), false],
  ])('%j with %j: open %s', (budget, lost, open) => {
    expect(judgeBudget(budget, lost).open).toBe(open);
  });

  it.each([
    [undefined, 3, true],
    [0, 0, true],
    [0, 1, false],
    [2, 2, true],
    [2, 3, false],
  ])('max_lost: %s with %i lost: open %s', (maxLost, count, open) => {
    const lost = Array.from({ length: count }, (_, index) => ({ host: 'h1', what: `"t${index}"` }));
    const budget = maxLost === undefined ? {} : { maxLost };
    expect(judgeBudget(budget, { ...losses(0, 4), lost }).open).toBe(open);
  });

  it('names what was lost, and where, as far as people read', () => {
    const lost = Array.from({ length: 12 }, (_, index) => ({ host: `h${index}`, what: `"t${index}"` }));
    expect(judgeBudget({ maxLost: 1 }, { ...losses(0, 4), lost: lost.slice(0, 2) })).toMatchObject({
      reason: '2 lost in the play, more than max_lost: 1 allows: "t0" on h0, "t1" on h1',
    });
    expect(judgeBudget({ maxLost: 1 }, { ...losses(0, 4), lost })).toMatchObject({
      reason: expect.stringMatching(/"t9" on h9, 2 more$/),
    });
  });

  it('says what was spent and which keyword bounds it', () => {
    const verdict = judgeBudget({ maxFailPercentage: 20 }, losses(3, 10));
    expect(verdict).toMatchObject({
      open: false,
      reason: '3 of 10 hosts of the batch failed, more than max_fail_percentage: 20 allows',
    });
  });
});
