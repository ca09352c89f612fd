import { command, failure, type HostCommands } from './command.ts';

const WITH_VALUE = new Set(['-u', '-p', '-g', '-C', '-h']);

export const sudoCommands: HostCommands = (execution) => [
  command('sudo', async (args, context) => {
    const { flags, user, prompt, words } = sudoArguments(args);
    const { sudoPassword } = execution.state.spec;
    if (sudoPassword !== undefined && execution.user !== 'root') {
      if (flags.has('-n')) return failure(1, 'sudo: a password is required');
      if (!flags.has('-S'))
        return failure(
          1,
          'sudo: a terminal is required to read the password; either use the -S option or configure an askpass helper',
        );
      execution.say(prompt);
      const typed = await execution.input.line();
      if (typed !== sudoPassword) return failure(1, '\nSorry, try again.\nsudo: 1 incorrect password attempt');
    }
    const [program, ...rest] = words;
    if (program === undefined || context.exec === undefined) return {};
    const stdin = flags.has('-S') ? (await execution.input.all()).toString('latin1') : String(context.stdin);
    const before = execution.user;
    execution.user = user;
    const home = user === 'root' ? '/root' : `/home/${user}`;
    const env = { ...Object.fromEntries(context.env), HOME: home, USER: user, LOGNAME: user, SUDO_USER: before };
    const options = { cwd: context.cwd, args: rest, env, stdin, stdinKind: 'bytes' as const };
    const result = await context.exec(
      program,
      context.signal === undefined ? options : { ...options, signal: context.signal },
    );
    execution.user = before;
    return result;
  }),
];

function sudoArguments(args: readonly string[]) {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  let at = 0;
  for (; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (!arg.startsWith('-')) break;
    if (WITH_VALUE.has(arg)) values.set(arg, args[++at] ?? '');
    else if (arg === '--') {
      at++;
      break;
    } else flags.add(arg);
  }
  return {
    flags,
    user: values.get('-u') ?? 'root',
    prompt: values.get('-p') ?? '[sudo] password: ',
    words: args.slice(at),
  };
}
