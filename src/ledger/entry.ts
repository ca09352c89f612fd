import { asNote, type Note } from '../actions/ledger/note.ts';

/** A line of the ledger: what is noted, of which machine, in which run of which plan. */
export type Entry = Note & Place;

export interface Place {
  /** Address and port of every server on the way to it: one text for one machine, whatever inventories call it. */
  readonly machine: string;
  /** Its name in the inventory of that run. */
  readonly host: string;
  readonly plan: string;
}

/** The entry in a line, or what is wrong with the line. */
export function readEntry(line: string): Entry | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return (error as Error).message;
  }
  const note = asNote(value);
  if (note === undefined) return 'it is no entry of a ledger that this rollgate knows';
  const { machine, host, plan } = note as Note & Partial<Record<keyof Place, unknown>>;
  const isPlaced = [machine, host, plan].every((part) => typeof part === 'string');
  return isPlaced ? (note as Entry) : 'it does not say of which machine, host and plan it is';
}

/** Whether an entry says what a note of the same run would say, whenever that is written. */
export function saysTheSame(entry: Entry | undefined, note: Note): boolean {
  if (entry === undefined || entry.run !== note.run || entry.state !== note.state) return false;
  return entry.state === 'closed' || note.state === 'closed' || entry.until === note.until;
}
