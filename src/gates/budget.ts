import { closed, OPEN, type Verdict } from './verdict.ts';

/** How much may go wrong before nothing new is started. */
export interface Budget {
  /** Percent of the batch; must be exceeded, not equalled. */
  readonly maxFailPercentage?: number;
  /** Hosts of the whole play; must be exceeded. */
  readonly maxFailures?: number;
  /** Things lost in the whole play; must be exceeded. */
  readonly maxLost?: number;
}

/** Something that the procedure promises to keep, and that is gone. */
export interface Lost {
  readonly host: string;
  /** Its name, for people. */
  readonly what: string;
}

/** What has gone wrong so far: failed and unreachable hosts alike, rescued and ignored ones not. Counts of hosts. */
export interface Losses {
  readonly inBatch: number;
  readonly batchSize: number;
  readonly inPlay: number;
  /** In the play, in the order in which it was seen. */
  readonly lost: readonly Lost[];
}

/**
 * Whether a play may go on. Unlike Ansible, unreachable hosts count, and failures count wherever they happen: for a
 * rolling procedure a host that cannot be reached is as bad as one that failed.
 */
export function judgeBudget(budget: Budget, losses: Losses): Verdict {
  const { inBatch, batchSize, inPlay, lost } = losses;
  if (budget.maxLost !== undefined && lost.length > budget.maxLost) {
    return closed(`${lost.length} lost in the play, more than max_lost: ${budget.maxLost} allows: ${named(lost)}`);
  }
  if (batchSize > 0 && inBatch >= batchSize)
    return closed(batchSize === 1 ? 'the only host of the batch failed' : `all ${batchSize} hosts of the batch failed`);
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

/** More are counted; all of them stand in the journal. */
const MOST_NAMED = 10;

function named(lost: readonly Lost[]): string {
  const names = lost.slice(0, MOST_NAMED).map(({ host, what }) => `${what} on ${host}`);
  return [...names, ...(lost.length > MOST_NAMED ? [`${lost.length - MOST_NAMED} more`] : [])].join(', ');
}
