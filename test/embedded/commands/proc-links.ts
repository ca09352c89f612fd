import { Bash, type ResolvedCommandContext } from 'just-bash';
import type { Execution } from '../execution.ts';
import { command, type HostCommands, type Said } from './command.ts';

/** `ls -l` and `ls -n` of links, and `tr` of NUL bytes, which the shell's own do not know; everything else is left to them. */
export const linkCommands: HostCommands = (execution) => [
  command('ls', (args, context) =>
    /^-[ln]$/.test(args[0] ?? '') && args.some((arg) => arg.startsWith('/proc/'))
      ? listed(args.slice(1), context)
      : builtin('ls', args, execution, context),
  ),
  command('tr', (args, context) =>
    args[0] === '\\000' && args[1] === '\\n'
      ? { stdout: String(context.stdin).replaceAll('\0', '\n') }
      : builtin('tr', args, execution, context),
  ),
  command('stat', (args, context) =>
    args[0] === '-L' ? sameFile(args.slice(3)) : builtin('stat', args, execution, context),
  ),
];

async function listed(paths: readonly string[], { fs }: ResolvedCommandContext): Promise<Said> {
  const lines: string[] = [];
  const link = async (path: string, name: string) => {
    const to = await fs.readlink(path).catch(() => undefined);
    if (to !== undefined) lines.push(`lrwxrwxrwx 1 root root 0 Nov 21 12:54 ${name} -> ${to}\n`);
  };
  for (const path of paths.filter((each) => !each.endsWith('/'))) await link(path, path);
  for (const folder of paths.filter((each) => each.endsWith('/'))) {
    lines.push(`\n${folder}:\ntotal 0\n`);
    for (const name of await fs.readdir(folder).catch(() => [])) await link(`${folder}${name}`, name);
  }
  return { stdout: lines.join('') };
}

/** What is mapped is what lies on the disk. */
function sameFile(paths: readonly string[]): Said {
  return { stdout: paths.map((path) => `2049:1310 ${path}\n`).join('') };
}

async function builtin(
  name: string,
  args: readonly string[],
  { state }: Execution,
  { cwd, stdin }: ResolvedCommandContext,
): Promise<Said> {
  const plain = new Bash({ fs: state.fs, cwd, defenseInDepth: false });
  return plain.exec(name, { args: [...args], stdin: String(stdin), stdinKind: 'bytes' });
}
