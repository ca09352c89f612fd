/** What is known of something on a host that holds for a time and then has to be renewed. */
export type Note = Good | Closed;

interface Noted {
  /** What it is, such as `agent-links`: the playbook's word. */
  readonly name: string;
  /** When this was written, ISO-8601 UTC, by the bastion's clock. */
  readonly at: string;
  /** The run that wrote it, and who made it where. */
  readonly run: string;
  /** The host's boot at that time, where it said so. */
  readonly boot?: string;
}

export interface Good extends Noted {
  readonly state: 'good';
  /** When it was seen to be renewed. */
  readonly renewedAt: string;
  /** Until when it holds. */
  readonly until: string;
  /** `until` was read from the host, not computed. */
  readonly measured: boolean;
}

/** Nobody needs it any more: the upgrade is done. */
export interface Closed extends Noted {
  readonly state: 'closed';
}

/** A word for a file name and for the beginning of a line. */
export const NOTE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** The note in a value that somebody wrote, or undefined. */
export function asNote(value: unknown): Note | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Partial<Record<keyof Good, unknown>>;
  const isSound = typeof given.name === 'string' && NOTE_NAME.test(given.name) && typeof given.run === 'string';
  if (!isSound || !isTime(given.at) || !(given.boot === undefined || typeof given.boot === 'string')) return undefined;
  if (given.state === 'closed') return value as Closed;
  const holds = isTime(given.renewedAt) && isTime(given.until) && typeof given.measured === 'boolean';
  return given.state === 'good' && holds ? (value as Good) : undefined;
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && !Number.isNaN(Date.parse(value));
}

/** The later of two notes; a ledger and a host's own file may each know what the other does not. */
export function laterOf(one: Note | undefined, other: Note | undefined): Note | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Date.parse(other.at) > Date.parse(one.at) ? other : one;
}
