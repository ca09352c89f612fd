import { lines, type Script, sh, shellText } from '../shell/script.ts';

const NAME = '[A-Za-z_][A-Za-z0-9_]*';
const TILDE = /^~(?:[A-Za-z_][A-Za-z0-9_.-]*)?(?=\/|$)/;

/** A path on the host as one shell word: `~`, `~user` and `$NAME` mean there what they mean there, all else is literal. */
export function hostPath(path: string): Script {
  return word(path, new RegExp(`\\$(?:${NAME}|\\{${NAME}\\})`), variable);
}

/** The same, with `*`, `?` and `[…]` left to the host's shell. */
export function hostGlob(path: string): Script {
  return word(path, new RegExp(`\\$(?:${NAME}|\\{${NAME}\\})|[*?]|\\[[^\\]/\\s'"\\\\$\`;&|<>(){}]+\\]`), (found) =>
    found.startsWith('$') ? variable(found) : found,
  );
}

function word(path: string, special: RegExp, mean: (found: string) => string): Script {
  const home = TILDE.exec(path)?.[0] ?? '';
  const plain = path.slice(home.length);
  // A path that looks like an option is none.
  const prefix = home === '' && plain.startsWith('-') ? './' : '';
  const parts: Script[] = [shellText(home + prefix)];
  for (const piece of plain.split(new RegExp(`(${special.source})`))) {
    if (piece === '') continue;
    parts.push(special.test(piece) && special.exec(piece)?.[0] === piece ? shellText(mean(piece)) : sh`${piece}`);
  }
  return { parts: parts.flatMap((part) => part.parts) };
}

/** As Python's expandvars: a variable that is not set stays as it is written. */
function variable(written: string): string {
  const name = written.replace(/[${}]/g, '');
  return `"\${${name}-\\$${name}}"`;
}

/** Sets `$p` to a path on the host, made absolute against the folder where commands start. */
export function setPath(path: string): Script {
  return lines([sh`p=${hostPath(path)}`, shellText('case $p in /*) ;; *) p=$(pwd)/$p ;; esac')]);
}
