import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { main } from '../../src/cli.ts';
import type { Terminal } from '../../src/commands/terminal.ts';

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Calls rollgate in this process, at a terminal where nobody sits. */
export async function rollgate(folder: string, ...argv: readonly string[]): Promise<Ended> {
  const stream = new PassThrough();
  const streamed = text(stream);
  const printed = { out: '', err: '' };
  const terminal: Terminal = {
    out: (piece) => {
      printed.out += piece;
    },
    err: (piece) => {
      printed.err += piece;
    },
    // Lines of progress need nothing of a terminal but to be written to.
    stdout: stream as unknown as NodeJS.WriteStream,
    isInteractive: false,
    showsRows: false,
    colour: false,
    env: {},
    cwd: folder,
    readLine: async () => undefined,
    onInterrupt: () => () => {},
    onHangup: () => () => {},
  };
  const code = await main(argv, terminal);
  stream.end();
  return { code, out: printed.out + (await streamed), err: printed.err };
}
