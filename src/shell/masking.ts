import { MASK } from './script.ts';

export type Mask = (text: string) => string;

/** Shorter secrets are not searched for: masking every "a" would make a log unreadable and the secret no safer. */
const SHORTEST = 3;

/** Replaces every occurrence of the given secrets, longest first, so that one inside another leaves no rest. */
export function masking(secrets: Iterable<string>): Mask {
  const found = [...new Set(secrets)].filter((secret) => secret.length >= SHORTEST).sort((a, b) => b.length - a.length);
  if (found.length === 0) return (text) => text;
  const pattern = new RegExp(found.map((secret) => secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g');
  return (text) => text.replace(pattern, MASK);
}
