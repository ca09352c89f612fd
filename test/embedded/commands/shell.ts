import { command, failure, type HostCommands } from './command.ts';

let temporary = 0;

/** POSIX and coreutils commands that the in-memory shell does not have. */
export const shellCommands: HostCommands = (execution) => [
  command('id', (args) => ({ stdout: `${identity(args, execution.user)}\n` })),
  command('whoami', () => ({ stdout: `${execution.user}\n` })),
  command('umask', (args) => (args.length === 0 ? { stdout: '0022\n' } : {})),
  command('trap', (args) => {
    const [action = '', ...signals] = args;
    if (signals.some((signal) => signal === 'EXIT' || signal === '0') && action !== '-' && action !== '')
      execution.atExit.push(action);
    return {};
  }),
  command('chown', () => ({})),
  command('chgrp', () => ({})),
  command('sync', () => ({})),
  command('timeout', async (args, { exec, cwd }) => {
    const [, program, ...rest] = args[0] === '-s' ? args.slice(2) : args;
    return program === undefined || exec === undefined
      ? failure(125, 'timeout: missing operand')
      : exec(program, { cwd, args: rest });
  }),
  command('mktemp', async (args, { fs, cwd }) => {
    // As of mktemp: letters come in the place of the X at its end.
    const template = args.find((arg) => arg.includes('XXX')) ?? '/tmp/tmp.XXXXXXXXXX';
    const path = fs.resolvePath(
      cwd,
      template.replace(/X+$/, () => `embedded${++temporary}`),
    );
    if (args.includes('-d')) await fs.mkdir(path);
    else await fs.writeFile(path, '');
    await fs.chmod(path, args.includes('-d') ? 0o700 : 0o600);
    return { stdout: `${path}\n` };
  }),
  command('flock', async (args, context) => {
    const [path, ...words] = args.filter((arg) => arg !== '-n' && arg !== '-x');
    if (path === undefined) return failure(64, 'flock: requires a file');
    const isTaken = () => ![undefined, execution.pid].includes(execution.state.locks.get(path));
    if (args.includes('-n') && isTaken()) return { exitCode: 1 };
    while (isTaken()) await new Promise((resolve) => setTimeout(resolve, 5));
    execution.state.locks.set(path, execution.pid);
    const [program, ...rest] = words;
    if (program === undefined || context.exec === undefined) return {};
    return context.exec(program, { cwd: context.cwd, args: rest });
  }),
  command('df', (args) => ({
    stdout: `Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 41152832 0 ${execution.state.spec.freeKib ?? 20_000_000} 50% /\n`,
    exitCode: args.includes('-Pk') ? 0 : 64,
  })),
  command('dd', async (args, { fs, cwd, stdin }) => {
    const operands = new Map(args.map((arg) => [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)]));
    const from = operands.get('if');
    const bytes =
      from === undefined
        ? Buffer.from(String(stdin), 'latin1')
        : Buffer.from(await fs.readFileBuffer(fs.resolvePath(cwd, from)));
    const size = Number(operands.get('bs') ?? 512);
    const begin = Number(operands.get('skip') ?? 0) * size;
    const count = operands.get('count');
    const piece = bytes.subarray(begin, count === undefined ? undefined : begin + Number(count) * size);
    const to = operands.get('of');
    if (to === undefined) return { stdout: piece.toString('latin1') };
    const path = fs.resolvePath(cwd, to);
    const there = operands.get('conv') === 'notrunc' ? Buffer.from(await fs.readFileBuffer(path)) : Buffer.alloc(0);
    const at = Number(operands.get('seek') ?? 0) * size;
    await fs.writeFile(
      path,
      new Uint8Array(Buffer.concat([there.subarray(0, at), piece, there.subarray(at + piece.length)])),
    );
    return {};
  }),
];

function identity(args: readonly string[], user: string): string {
  const name = args.find((arg) => !arg.startsWith('-')) ?? user;
  const uid = name === 'root' ? '0' : '1000';
  const flags = args.filter((arg) => arg.startsWith('-')).join('');
  if (flags === '') return `uid=${uid}(${name}) gid=${uid}(${name}) groups=${uid}(${name})`;
  return flags.includes('n') ? name : uid;
}
