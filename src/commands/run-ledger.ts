import { join } from 'node:path';
import type { KnownOfHosts } from '../actions/action.ts';
import type { World } from '../engine/world.ts';
import type { Progress } from '../journal/progress.ts';
import { appendEntry } from '../ledger/append.ts';
import { endsOf } from '../ledger/ends.ts';
import { type Entry, saysTheSame } from '../ledger/entry.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { Ends } from './foretelling.ts';

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
): { readonly known: KnownOfHosts; readonly note: World['note']; readonly ends: Ends } {
  const ledger = new Ledger(file);
  return {
    known: {
      latest: (host, name) => {
        const problem = refreshed(ledger);
        if (problem !== undefined) return { ok: false, message: problem };
        return { ok: true, facts: ledger.latest(name, machineOf(host)) };
      },
      seenAt: (host) => lastEnd(progress(), host),
    },
    ends: (names, hosts) => {
      // A gate says so where the ledger cannot be read; a forecast goes by what it knows.
      refreshed(ledger);
      const asked = new Map(names.map((name) => [name, ledger.all.get(name) ?? new Map<string, Entry>()]));
      return endsOf(asked, new Map(hosts.map((host) => [host, machineOf(host)])));
    },
    note: async (host, note) => {
      const machine = machineOf(host);
      // A break after it was noted, and before the journal said so, leaves it to be noted again.
      const isNoted = refreshed(ledger) === undefined && saysTheSame(ledger.latest(note.name, machine), note);
      if (isNoted) return undefined;
      return appendEntry(file, { ...note, machine, host, plan }).then(
        () => undefined,
        (error: Error) => error.message,
      );
    },
  };
}

function refreshed(ledger: Ledger): string | undefined {
  try {
    ledger.refresh();
    return undefined;
  } catch (error) {
    return `the ledger ${ledger.file} cannot be read: ${(error as Error).message}`;
  }
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
