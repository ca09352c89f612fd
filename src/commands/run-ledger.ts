import { join } from 'node:path';
import type { KnownOfHosts } from '../actions/action.ts';
import type { World } from '../engine/world.ts';
import type { Progress } from '../journal/progress.ts';
import { appendEntry } from '../ledger/append.ts';
import { Ledger } from '../ledger/ledger.ts';

/** Where the ledger of a state dir is: one for all of its runs. */
export function ledgerFileOf(stateDir: string): string {
  return join(stateDir, 'ledger.jsonl');
}

/** The ledger as a run reads it and adds to it. */
export function runLedger(
  file: string,
  plan: string,
  machineOf: (host: string) => string,
  progress: () => Progress,
): { readonly known: KnownOfHosts; readonly keep: World['keep'] } {
  const ledger = new Ledger(file);
  return {
    known: {
      latest: async (host, name) => {
        ledger.refresh();
        return ledger.latest(name, machineOf(host));
      },
      seenAt: (host) => lastEnd(progress(), host),
    },
    keep: (host, note) =>
      appendEntry(file, { ...note, machine: machineOf(host), host, plan }).then(
        () => undefined,
        (error: Error) => error.message,
      ),
  };
}

/** When the last step that went well on a host ended. */
function lastEnd({ steps }: Progress, host: string): Date | undefined {
  let last: number | undefined;
  for (const step of steps.values()) {
    if (step.host !== host || (step.status !== 'ok' && step.status !== 'changed')) continue;
    last = Math.max(last ?? 0, Date.parse(step.startedAt) + step.ms);
  }
  return last === undefined ? undefined : new Date(last);
}
