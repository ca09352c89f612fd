import type { Stamped } from '../journal/event.ts';
import type { Plan } from '../plan/plan.ts';
import type { Secrets } from '../plan/secrets.ts';
import type { Approved } from './as-approved.ts';
import type { DryRun } from './dry-run.ts';
import type { Orders } from './orders.ts';
import type { Stop } from './stop.ts';
import type { World } from './world.ts';

/** A run about to be made, or gone on with: a plan, and what has happened already. */
export interface Assignment {
  readonly plan: Plan;
  readonly secrets: Secrets;
  /** The journal so far; empty for a new run. */
  readonly past: readonly Stamped[];
  readonly world: World;
  readonly stop: Stop;
  readonly orders: Orders;
  readonly playbookDir: string;
  /** Hosts that are turned away before anything is done to them, and why. */
  readonly refused: ReadonlyMap<string, string>;
  /** What those who approved the plan had seen of its hosts; absent: they had not asked them. */
  readonly approved?: Approved;
  /** The only hosts that are begun or gone on with, but for those inside a window; absent: all. */
  readonly only?: ReadonlySet<string>;
  /** Resolves when hosts may be begun. Windows that a break left open do not wait for it. */
  readonly opening?: () => Promise<void>;
  /** Hosts are asked, and what would be done is told instead of done. Absent: a run. */
  readonly dryRun?: DryRun;
  /** Results tell what changes in texts. */
  readonly diff?: boolean;
}
