import { closed, OPEN, type Verdict } from './verdict.ts';

/** How much may go wrong before nothing new is started. */
export interface Budget {
  /** Percent of the batch; must be exceeded, not equalled. */
  readonly maxFailPercentage?: number;
  /** Hosts of the whole play; must be exceeded. */
  readonly maxFailures?: number;
}

/** What has gone wrong so far: failed and unreachable hosts alike, rescued and ignored ones not. Counts of hosts. */
export interface Losses {
  readonly inBatch: number;
  readonly batchSize: number;
  readonly inPlay: number;
}

/**
 * Whether a play may go on. Unlike Ansible, unreachable hosts count, and failures count wherever they happen: for a
 * rolling procedure a host that cannot be reached is as bad as one that failed.
 */
export function judgeBudget(budget: Budget, losses: Losses): Verdict {
  const { inBatch, batchSize, inPlay } = losses;
  if (batchSize > 0 && inBatch >= batchSize)
    return closed(`all ${batchSize} ${batchSize === 1 ? 'host' : 'hosts'} of the batch failed`);
  if (budget.maxFailPercentage !== undefined && (inBatch / batchSize) * 100 > budget.maxFailPercentage) {
    return closed(
      `${inBatch} of ${batchSize} hosts of the batch failed, more than max_fail_percentage: ${budget.maxFailPercentage} allows`,
    );
  }
  if (budget.maxFailures !== undefined && inPlay > budget.maxFailures) {
    return closed(`${inPlay} hosts of the play failed, more than max_failures: ${budget.maxFailures} allows`);
  }
  return OPEN;
}
