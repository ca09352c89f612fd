import type { Operator } from '../engine/world.ts';
import type { Watching } from './choose-report.ts';
import type { Terminal } from './terminal.ts';

/** The person at the terminal, as far as there is one, and what they said beforehand. */
export function operatorAt(
  terminal: Terminal,
  { aside }: Pick<Watching, 'aside'>,
  given: { readonly yes: boolean; readonly answer?: 'assume-done' | 'redo' },
): Operator {
  return {
    pause: async (prompt, { seconds, echo, abort }) => {
      if (given.yes) return { kind: 'continue', typed: '' };
      if (!terminal.isInteractive) return { kind: 'nobody' };
      const timer = seconds === undefined ? abort : AbortSignal.any([abort, AbortSignal.timeout(seconds * 1000)]);
      const typed = await aside(() => terminal.readLine(`\n${prompt}\n`, { abort: timer, echo }));
      return abort.aborted ? { kind: 'aborted' } : { kind: 'continue', typed: typed ?? '' };
    },
    resolve: async (question) => {
      if (given.answer !== undefined) return given.answer;
      if (!terminal.isInteractive) return 'nobody';
      const typed = await aside(() =>
        terminal.readLine(`\n${question}.\nTake it as [d]one, or do it [a]gain? Anything else leaves the host alone: `),
      );
      const answer = typed?.trim().toLowerCase() ?? '';
      if (answer === 'd' || answer === 'done') return 'assume-done';
      return answer === 'a' || answer === 'again' ? 'redo' : 'nobody';
    },
  };
}
