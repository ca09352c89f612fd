import * as z from 'zod';
import { didYouMean } from '../source/nearest.ts';
import type { Value } from '../source/value.ts';
import type { Judged } from './action.ts';
import { type Mode, parseMode } from './mode.ts';
import { splitWords } from './words.ts';

/** Other names of parameters, and parameters of Ansible's that are not supported, with what to do instead. */
interface Beside {
  readonly aliases?: Readonly<Record<string, string>>;
  readonly refused?: Readonly<Record<string, string>>;
}

/**
 * The strict object of an action's parameters. Aliases become the name they stand for, null counts as not given, and a
 * parameter that Ansible has and we have not is refused by name with the reason.
 */
export function parameters<S extends z.ZodRawShape>(shape: S, { aliases = {}, refused = {} }: Beside = {}) {
  const known = [...Object.keys(shape), ...Object.keys(aliases)];
  const strict = z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => explain(key, known, aliases, refused)).join('; ')
        : undefined,
  });
  return z.preprocess((given) => plain(given, aliases), strict);
}

function explain(
  key: string,
  known: readonly string[],
  aliases: Readonly<Record<string, string>>,
  refused: Readonly<Record<string, string>>,
): string {
  const why = Object.hasOwn(refused, key) ? refused[key] : undefined;
  if (why !== undefined) return `"${key}" is not supported: ${why}`;
  const canonical = Object.hasOwn(aliases, key) ? aliases[key] : undefined;
  if (canonical !== undefined) return `"${key}" and "${canonical}" are one parameter; write one of them`;
  return `there is no parameter "${key}"${didYouMean(key, known)}`;
}

function plain(given: unknown, aliases: Readonly<Record<string, string>>): unknown {
  if (given === null || given === undefined) return {};
  if (typeof given !== 'object' || Array.isArray(given)) return given;
  const entries = Object.entries(given).filter(([, value]) => value !== null && value !== undefined);
  const written = new Set(entries.map(([key]) => key));
  return Object.fromEntries(entries.map(([key, value]) => [renamed(key, aliases, written), value]));
}

/** An alias written beside its own name keeps its name, and is refused with it. */
function renamed(key: string, aliases: Readonly<Record<string, string>>, written: ReadonlySet<string>): string {
  const canonical = Object.hasOwn(aliases, key) ? aliases[key] : undefined;
  if (canonical === undefined || written.has(canonical)) return key;
  return canonical;
}

const TRUE: readonly unknown[] = ['yes', 'on', '1', 'true', 't', 'y', 1, true];
const FALSE: readonly unknown[] = ['no', 'off', '0', 'false', 'f', 'n', 0, false];

/** A boolean in any of Ansible's spellings. */
export const flag = (about: string) => z.preprocess(toFlag, z.boolean({ error: 'must be yes or no' })).describe(about);

function toFlag(value: unknown): unknown {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (TRUE.includes(word)) return true;
  return FALSE.includes(word) ? false : value;
}

/** A whole number, from a string too. */
export const integer = (about: string, least = 0) =>
  z
    .preprocess(toNumber, z.int({ error: 'must be a whole number' }).min(least, { error: `must be at least ${least}` }))
    .describe(about);

/** A number, fractions allowed, from a string too. */
export const number = (about: string) =>
  z
    .preprocess(toNumber, z.number({ error: 'must be a number' }).min(0, { error: 'must be at least 0' }))
    .describe(about);

function toNumber(value: unknown): unknown {
  return typeof value === 'string' && /^\s*[+-]?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
}

/** Text; numbers and booleans become what Python prints for them, as in Ansible. */
export const text = (about: string) => z.preprocess(toText, z.string({ error: 'must be text' })).describe(about);

/** A part of a command, which cannot hold a NUL: what a host printed may, and so does `omit` within a text. */
export const word = (about: string) =>
  z.preprocess(toText, withoutNul(z.string({ error: 'must be text' }))).describe(about);

export const nonEmpty = (about: string) =>
  z
    .preprocess(toText, withoutNul(z.string({ error: 'must be text' }).min(1, { error: 'must not be empty' })))
    .describe(about);

function withoutNul(given: z.ZodString) {
  return given.refine((value) => !value.includes('\0'), 'must not hold a NUL byte');
}

function toText(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? String(value) : value;
}

/** A path on a host or on the bastion. A NUL cannot be part of one. */
export const path = (about: string) =>
  z
    .preprocess(
      toText,
      z
        .string({ error: 'must be a path' })
        .min(1, { error: 'must not be empty' })
        .refine((value) => !value.includes('\0'), 'must not hold a NUL byte'),
    )
    .describe(about);

export const mode = (about: string) =>
  z
    .union([z.string(), z.int()], { error: 'must be a mode' })
    .transform((written, context): Mode => parsedMode(written, context))
    .describe(about);

function parsedMode(written: string | number, context: { addIssue(message: string): void }): Mode {
  const parsed = parseMode(written);
  if (parsed === undefined)
    context.addIssue(`${JSON.stringify(written)} is not a mode; write it as "0644" or "u=rw,go=r"`);
  return parsed ?? 0;
}

/** A command in words: refused at load where its quotes are not closed. */
export const commandText = (about: string) =>
  nonEmpty(about).refine((value) => splitWords(value).ok, 'a quote or backslash is not closed');

/** What the engine makes of a bare expression before an action is asked; in a playbook it is text. */
export const judgedParam: z.ZodType<Judged> = z.strictObject({
  expression: z.string(),
  value: z.json() as z.ZodType<Value>,
});
