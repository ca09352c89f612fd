import { command, failure, type HostCommands } from './command.ts';

/** `od -An -v -tx1` of files or stdin: the shell's own prints octal whatever is asked. */
export const dumpCommands: HostCommands = () => [
  command('od', async (args, { fs, cwd, stdin }) => {
    const files = args.filter((arg) => !arg.startsWith('-'));
    const pieces: Buffer[] = [];
    for (const file of files) {
      try {
        pieces.push(Buffer.from(await fs.readFileBuffer(fs.resolvePath(cwd, file))));
      } catch {
        return failure(1, `od: ${file}: No such file or directory`);
      }
    }
    const bytes = files.length === 0 ? Buffer.from(String(stdin), 'latin1') : Buffer.concat(pieces);
    const rows: string[] = [];
    for (let at = 0; at < bytes.length; at += 16)
      rows.push(
        bytes
          .subarray(at, at + 16)
          .toString('hex')
          .replace(/../g, ' $&'),
      );
    return { stdout: rows.map((row) => `${row}\n`).join('') };
  }),
];
