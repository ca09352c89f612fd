import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity } from './process.ts';

/** Who holds a host, for the message to whoever comes second. */
export interface HoldOwner extends ProcessIdentity {
  readonly run: string;
  readonly user: string;
  /** ISO-8601 UTC. */
  readonly since: string;
  readonly playbook: string;
}

export interface Refusal {
  readonly key: string;
  readonly owner: HoldOwner;
  /** Its last sign of life, ISO-8601 UTC: for people, where the process itself cannot be judged from here. */
  readonly seen: string;
}

export interface Acquired {
  readonly held: readonly string[];
  readonly refused: readonly Refusal[];
  /** Holds of processes that died, and are ours now. */
  readonly takenOver: readonly Omit<Refusal, 'seen'>[];
}

/**
 * The same for every user and every state dir of the machine: whoever runs rollgate here must find the others. Not
 * `os.tmpdir()`, which TMPDIR makes another folder for each user on some machines.
 */
export const HOLDS_FOLDER = '/tmp/rollgate-holds';

/** A file larger than this is none of ours. Bytes. */
const LARGEST = 64 * 1024;
/** How often a race for one key is run again before the next is thought about. */
const MOST_TRIES = 20;

/**
 * Holds of this process on hosts. A hold on a key is the file `<digest of the key>.<generation>` with the highest
 * generation. A file is put there whole (by link), so it is never read half written, and only where none of that name is,
 * so of two that race one wins. A dead holder's file is left lying and the next generation is put over it: no file of
 * another user need be removed, and what was judged dead cannot come to life in between. A run that took over from a process of
 * its own that had died leaves its file there, empty, when it lets go: nobody is told of that death any more.
 */
export class Holds {
  readonly #folder: string;
  readonly #files: string[] = [];
  /** Those of them that lie over what a dead process of the same run left. */
  readonly #mended = new Set<string>();
  /** One for each time that was acquired: the files of one time are links to one. */
  readonly #pulses: string[] = [];

  /** Throws when the folder cannot be used; the message says what to do. */
  constructor(folder: string = HOLDS_FOLDER) {
    this.#folder = folder;
    openFolder(folder);
  }

  /** Holds those keys that no live run holds, and says who has the others. Throws on I/O errors, holding nothing new. */
  acquire(keys: readonly string[], owner: HoldOwner): Acquired {
    const before = this.#files.length;
    const offer = join(this.#folder, `.${process.pid}-${randomBytes(6).toString('hex')}`);
    try {
      writeOffer(offer, owner);
      return this.#acquireAll([...new Set(keys)], owner, offer);
    } catch (error) {
      remove(this.#files.splice(before));
      throw error;
    } finally {
      remove([offer]);
    }
  }

  /** A sign of life. Whether a process lives is judged by the process; this is for whoever cannot see it. */
  beat(now: Date): void {
    const beaten: string[] = [];
    // One that fails has been taken away, and is not tried again.
    for (let file = this.#pulses.shift(); file !== undefined; file = this.#pulses.shift()) {
      utimesSync(file, now, now);
      beaten.push(file);
    }
    this.#pulses.push(...beaten);
  }

  /** Lets everything go. */
  release(): void {
    this.#pulses.length = 0;
    const files = this.#files.splice(0);
    remove(files.filter((file) => !this.#mended.has(file)));
    for (const file of files.filter((each) => this.#mended.has(each))) leaveEmpty(file);
    this.#mended.clear();
  }

  #acquireAll(keys: readonly string[], by: HoldOwner, offer: string): Acquired {
    const highest = highestGenerations(this.#folder);
    const held: string[] = [];
    const refused: Refusal[] = [];
    const takenOver: Omit<Refusal, 'seen'>[] = [];
    const before = this.#files.length;
    for (const key of keys) {
      const { owner, dead } = this.#take(key, by, offer, highest.get(digestOf(key)) ?? 0);
      if (owner === undefined) held.push(key);
      else refused.push({ key, ...owner });
      if (dead !== undefined) takenOver.push({ key, owner: dead });
    }
    this.#pulses.push(...this.#files.slice(before, before + 1));
    return { held, refused, takenOver };
  }

  /** Who has it; nobody else when it is ours now, perhaps after one that died. */
  #take(key: string, by: HoldOwner, offer: string, known: number): Taken {
    const digest = digestOf(key);
    for (let highest = known, tries = 0; tries < MOST_TRIES; tries++) {
      const current = highest === 0 ? 'junk' : readHold(join(this.#folder, `${digest}.${highest}`));
      if (typeof current === 'object' && isAlive(current.owner)) return { owner: current };
      const file = join(this.#folder, `${digest}.${highest + 1}`);
      // What was let go while we looked may be had again under its own number: look again, or two would hold the key.
      if (current !== 'gone' && linked(offer, file)) {
        this.#files.push(file);
        if (typeof current === 'object' && current.owner.run === by.run) this.#mended.add(file);
        return typeof current === 'object' ? { dead: current.owner } : {};
      }
      highest = highestGenerations(this.#folder).get(digest) ?? 0;
    }
    throw new Error(`the hold on ${key} in ${this.#folder} changes hands again and again; try again`);
  }
}

interface Taken {
  readonly owner?: Hold;
  readonly dead?: HoldOwner;
}

type Hold = Pick<Refusal, 'owner' | 'seen'>;

/** The live run that holds a key, for those that only want to know. */
export function holderOf(key: string, folder: string = HOLDS_FOLDER): HoldOwner | undefined {
  if (!isThere(folder)) return undefined;
  const digest = digestOf(key);
  const generation = highestGenerations(folder).get(digest);
  const hold = generation === undefined ? undefined : readHold(join(folder, `${digest}.${generation}`));
  return typeof hold === 'object' && isAlive(hold.owner) ? hold.owner : undefined;
}

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function highestGenerations(folder: string): ReadonlyMap<string, number> {
  const highest = new Map<string, number>();
  for (const name of readdirSync(folder)) {
    const [, digest, generation] = /^([0-9a-f]{64})\.([1-9]\d{0,8})$/.exec(name) ?? [];
    if (digest !== undefined) highest.set(digest, Math.max(highest.get(digest) ?? 0, Number(generation)));
  }
  return highest;
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function remove(files: readonly string[]): void {
  for (const file of files) {
    try {
      unlinkSync(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function leaveEmpty(file: string): void {
  try {
    truncateSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function writeOffer(file: string, owner: HoldOwner): void {
  const fd = openSync(file, 'wx', 0o644);
  try {
    // Others must be able to read who holds the host, whatever the umask says.
    fchmodSync(fd, 0o644);
    writeSync(fd, JSON.stringify(owner));
  } finally {
    closeSync(fd);
  }
}

/** `junk`: no rollgate put it there. Follows no link and waits for no pipe. */
function readHold(file: string): Hold | 'gone' | 'junk' {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    if (!stat.isFile()) return 'junk';
    const buffer = Buffer.alloc(LARGEST);
    const owner = asOwner(JSON.parse(buffer.toString('utf8', 0, readSync(fd, buffer))));
    return owner === undefined ? 'junk' : { owner, seen: stat.mtime.toISOString() };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : 'junk';
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function asOwner(value: unknown): HoldOwner | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const owner = value as Partial<Record<keyof HoldOwner, unknown>>;
  const texts = [owner.run, owner.user, owner.since, owner.playbook];
  const known =
    texts.every((text) => typeof text === 'string') && Number.isSafeInteger(owner.pid) && Number(owner.pid) > 0;
  return known ? (value as HoldOwner) : undefined;
}

function openFolder(folder: string): void {
  if (!isThere(folder)) makeFolder(folder);
  const stat = lstatSync(folder);
  // Sticky and open to all: everybody may put a hold there, and nobody may take another's away.
  if (stat.isDirectory() && (stat.mode & 0o1777) === 0o1777) return;
  throw new Error(
    `${folder} must be a folder with mode 1777, for every user's runs to see which hosts the others hold, but it is ${stat.isDirectory() ? `a folder with mode ${(stat.mode & 0o7777).toString(8)}` : 'something else'}; remove it, or have its owner or root do so, and try again`,
  );
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Made aside and moved into place, so that nobody meets it with half its mode. */
function makeFolder(folder: string): void {
  const aside = `${folder}.${process.pid}-${randomBytes(6).toString('hex')}`;
  mkdirSync(aside);
  try {
    chmodSync(aside, 0o1777);
    renameSync(aside, folder);
  } catch (error) {
    rmdirSync(aside);
    if (!isThere(folder)) throw error;
  }
}
