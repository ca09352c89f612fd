import type { Action } from '../action.ts';
import { ledgerClose } from './close.ts';
import { ledgerRenew } from './renew.ts';
import { requireLedger } from './require.ts';

export const LEDGER_ACTIONS: readonly Action[] = [ledgerRenew, ledgerClose, requireLedger];
