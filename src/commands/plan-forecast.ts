import { endsOf } from '../ledger/ends.ts';
import { Ledger } from '../ledger/ledger.ts';
import { forecastLines } from '../plan/forecast-text.ts';
import type { Loaded } from './load.ts';
import { ledgerMachine, machinesOf } from './machines.ts';
import { connect } from './reaching.ts';
import { ledgerFileOf } from './run-ledger.ts';
import type { Terminal } from './terminal.ts';

/** What a plan's estimates come to, beside what the ledger says now. No part of the plan: the clock is in it. */
export function planForecast(loaded: Loaded, stateDir: string, now: Date, terminal: Terminal): readonly string[] {
  if (loaded.plan.plays.every(({ estimateMs }) => estimateMs === undefined)) return [];
  const ledger = new Ledger(ledgerFileOf(stateDir));
  ledger.refresh();
  const found = machinesOf(
    loaded,
    connect({}, terminal, () => {}),
  );
  const machines = new Map([...found.keys()].map((host) => [host, ledgerMachine(found, host)]));
  return forecastLines(loaded.plan, (name) => {
    const ends = endsOf(new Map([[name, ledger.all.get(name) ?? new Map()]]), machines);
    return new Map([...ends].map(([host, end]) => [host, (end - now.getTime()) / 1000]));
  });
}
