/** A Python regular expression, multi-line as Ansible compiles it; undefined when it means nothing here. */
export function pythonRegex(pattern: string): RegExp | undefined {
  const [, letters = '', rest = pattern] = /^\(\?([ims]+)\)([\s\S]*)$/.exec(pattern) ?? [];
  const source = rest
    .replace(/\(\?P</g, '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/\\A/g, '(?<![\\s\\S])')
    .replace(/\\Z/g, '(?![\\s\\S])');
  try {
    return new RegExp(source, [...new Set(`m${letters}`)].join(''));
  } catch {
    return undefined;
  }
}
