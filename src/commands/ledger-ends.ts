import type { Inventory } from '../inventory/inventory.ts';
import { endsOf } from '../ledger/ends.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { Mistakes } from '../source/mistakes.ts';
import type { ValueMap } from '../source/value.ts';
import { machinesInInventory } from './machines.ts';
import { connect } from './reaching.ts';
import { ledgerFileOf } from './run-ledger.ts';
import type { Terminal } from './terminal.ts';

/** By host of an inventory: when what was renewed on it ends, in milliseconds since 1970. */
export type EndsInLedger = (
  inventory: Inventory,
  extraVars: ValueMap,
  mistakes: Mistakes,
) => ReadonlyMap<string, number>;

/** The ends that the ledger of a state dir knows. */
export function endsInLedger(stateDir: string, terminal: Terminal): EndsInLedger {
  return (inventory, extraVars, mistakes) => {
    const ledger = new Ledger(ledgerFileOf(stateDir));
    try {
      ledger.refresh();
    } catch (error) {
      mistakes.add('ledger-unreadable', `order: ledger: ${ledger.file}: ${(error as Error).message}`);
    }
    return endsOf(
      ledger.all,
      machinesInInventory(
        inventory,
        extraVars,
        connect({}, terminal, () => {}),
      ),
    );
  };
}
