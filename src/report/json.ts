import { journalLine } from '../journal/lines.ts';
import type { Report } from './report.ts';

/** The event stream as NDJSON: one object a line, nothing else. When its reader goes away it falls silent; the run goes on. */
export function jsonReport({ stream }: { readonly stream: NodeJS.WritableStream }): Report {
  const output = gathered(quietly(stream));
  return { onEvent: (event) => output.write(journalLine(event)), finish: () => output.flushed() };
}

interface Output {
  write(text: string): void;
  flushed(): Promise<void>;
}

/** A stream to people or programs that may go away (`| head`): what cannot be written is dropped, and no run dies of it. */
export function quietly(stream: NodeJS.WritableStream): Output {
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

/** What is said in one turn of the event loop goes out in one piece: with many hosts, a write for each line is dear. */
export function gathered(output: Output): Output {
  let waiting = '';
  const send = () => {
    if (waiting !== '') output.write(waiting);
    waiting = '';
  };
  const write = (text: string) => {
    if (waiting === '') setImmediate(send);
    waiting += text;
  };
  const flushed = () => {
    send();
    return output.flushed();
  };
  return { write, flushed };
}
