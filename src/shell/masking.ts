import { MASK } from './script.ts';

export type Mask = (text: string) => string;

/** Shorter secrets are not searched for: masking every "a" would make a log unreadable and the secret no safer. */
const SHORTEST = 3;

/** Replaces every occurrence of the given secrets, longest first, so that one inside another leaves no rest. */
export function masking(secrets: Iterable<string>): Mask {
  const written = [...secrets].filter((secret) => secret.length >= SHORTEST).flatMap(writtenForms);
  const found = [...new Set(written)].sort((a, b) => b.length - a.length);
  if (found.length === 0) return (text) => text;
  const pattern = new RegExp(found.map((secret) => secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g');
  return (text) => text.replace(pattern, MASK);
}

/** Shorter lines of a secret of several, such as `}`, stand everywhere. Characters. */
const SHORTEST_LINE = 8;

/** A secret as it is, line by line, within the quotes of a shell, and within those of JSON: all are as easy to read. */
function writtenForms(secret: string): readonly string[] {
  const lines = secret.split('\n').filter((line) => line.trim().length >= SHORTEST_LINE);
  const forms = [secret, ...lines].flatMap((text) => [text, text.replaceAll("'", "'\\''")]);
  return [...forms, ...forms.map((form) => JSON.stringify(form).slice(1, -1))];
}
