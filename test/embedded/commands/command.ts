import { type Command, defineCommand, type ResolvedCommandContext } from 'just-bash';
import type { Execution } from '../execution.ts';

export interface Said {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode?: number;
}

export type HostCommands = (execution: Execution) => readonly Command[];

export function command(
  name: string,
  run: (args: readonly string[], context: ResolvedCommandContext) => Said | Promise<Said>,
): Command {
  return defineCommand(name, async (args, context) => {
    const { stdout = '', stderr = '', exitCode = 0 } = await run(args, context);
    return { stdout, stderr, exitCode };
  });
}

export function failure(exitCode: number, stderr: string): Said {
  return { exitCode, stderr: `${stderr}\n` };
}
