/** A shell glob as Python's fnmatch reads it: `*`, `?`, `[abc]`, `[!abc]`; case matters. Undefined where a class is impossible. */
export function compileGlob(glob: string): RegExp | undefined {
  let pattern = '';
  for (let at = 0; at < glob.length; at += 1) {
    const char = glob[at] ?? '';
    const close = char === '[' ? endOfClass(glob, at) : -1;
    if (close !== -1) {
      pattern += characterClass(glob.slice(at + 1, close));
      at = close;
    } else if (char === '*') pattern += '.*';
    else pattern += char === '?' ? '.' : char.replace(/[\\^$.|+()[\]{}/-]/, '\\$&');
  }
  return compile(`^${pattern}$`, 's');
}

/** `~` patterns: Python's re.match, which is anchored at the start alone. Undefined where it does not compile. */
export function compileRegex(written: string): RegExp | undefined {
  const ignoreCase = written.startsWith('(?i)');
  const pattern = (ignoreCase ? written.slice(4) : written)
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\A', '^')
    .replaceAll('\\Z', '$');
  return compile(`^(?:${pattern})`, ignoreCase ? 'i' : '');
}

export function isGlob(pattern: string): boolean {
  return /[*?[]/.test(pattern);
}

/** A longer expression exhausts the engine, and not when it is made but when it is used. Characters. */
const LONGEST = 5000;

function compile(pattern: string, flags: string): RegExp | undefined {
  if (pattern.length > LONGEST) return undefined;
  try {
    return new RegExp(pattern, flags);
  } catch {
    return undefined;
  }
}

/** A `]` that comes first belongs to the class; without an end, `[` is only a bracket. */
function endOfClass(glob: string, open: number): number {
  const first = glob[open + 1] === '!' ? open + 2 : open + 1;
  return glob.indexOf(']', first + 1);
}

function characterClass(content: string): string {
  const negated = content.startsWith('!');
  return `[${negated ? '^' : ''}${content.slice(negated ? 1 : 0).replace(/[\\[\]^]/g, '\\$&')}]`;
}
