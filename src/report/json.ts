import { journalLine } from '../journal/lines.ts';
import type { Report } from './report.ts';

/** The event stream as NDJSON: one object a line, nothing else. When its reader goes away it falls silent; the run goes on. */
export function jsonReport({ stream }: { readonly stream: NodeJS.WritableStream }): Report {
  const output = quietly(stream);
  return { onEvent: (event) => output.write(journalLine(event)), finish: () => output.flushed() };
}

/** A stream to people or programs that may go away (`| head`): what cannot be written is dropped, and no run dies of it. */
export function quietly(stream: NodeJS.WritableStream): { write(text: string): void; flushed(): Promise<void> } {
  let gone = false;
  let last: Promise<void> = Promise.resolve();
  stream.on('error', () => {
    gone = true;
  });
  const write = (text: string) => {
    if (gone) return;
    last = new Promise((done) => {
      stream.write(text, () => done());
    });
  };
  return { write, flushed: () => last };
}
