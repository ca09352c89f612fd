import { actorText, orderText } from '../journal/orders.ts';
import { code, paragraph, type Section, type Text } from '../review/document.ts';
import type { Account } from './account.ts';
import { moment } from './words.ts';

const ANSWERS = {
  'assume-done': 'steps of which nobody knew whether they took: taken as done',
  redo: 'steps of which nobody knew whether they took: done again',
} as const;

/** Where somebody's word changed the course of the run: who, when, what and why. */
export function overridesSection({ status, legs }: Account): Section {
  const orders = status.orders.map((order) => ({
    at: order.at,
    row: [moment(order.at), order.by === undefined ? 'the plan' : actorText(order.by), orderText(order), order.reason],
  }));
  const resumed = legs.slice(1).map(({ from, operator, bastion, answer }) => ({
    at: new Date(from).toISOString(),
    row: [moment(from), `${operator}@${bastion}`, answer === undefined ? 'resumed' : `resumed; ${ANSWERS[answer]}`, ''],
  }));
  const rows: readonly (readonly Text[])[] = [...orders, ...resumed]
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ row: [when = '', who = '', what = '', why = ''] }) => [when, code(who), what, why]);
  return {
    title: 'Orders and overrides',
    blocks:
      rows.length === 0
        ? [paragraph('Nobody gave an order while it ran, and nothing was forced, skipped or done again.')]
        : [{ kind: 'table', head: ['When', 'Who', 'What', 'Why'], rows }],
  };
}
