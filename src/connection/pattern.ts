/** Whether a list of OpenSSH patterns names `name`: `*` and `?` are wild, and one `!pattern` that matches decides. */
export function matchesPatterns(patterns: readonly string[], name: string): boolean {
  let matched = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (!matches(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

/** Most names are just names: a known_hosts of 600 lines is asked 600 times. */
function matches(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern.length === name.length && pattern.toLowerCase() === name.toLowerCase();
  let known = expressions.get(pattern);
  if (known === undefined) {
    known = expression(pattern);
    expressions.set(pattern, known);
  }
  return known.test(name);
}

const expressions = new Map<string, RegExp>();

function expression(pattern: string): RegExp {
  const body = pattern
    .replace(/\*+/g, '*')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${body}$`, 'is');
}
