import * as z from 'zod';
import { durationMs } from '../../source/duration.ts';
import { nonEmpty } from '../params.ts';
import { NOTE_NAME } from './note.ts';

export const noteName = nonEmpty(
  'What it is, in a word of letters, digits, `.`, `_` and `-`, such as `agent-links`.',
).refine((name) => NOTE_NAME.test(name), 'must be a word of letters, digits, ".", "_" and "-"');

/** A duration, in milliseconds. */
export const span = (about: string) =>
  z
    .union([z.string(), z.number()], { error: 'must be a duration, such as 5d, 2h or 90 (seconds)' })
    .transform((written, context) => {
      const ms = durationMs(String(written));
      if (ms === undefined)
        context.addIssue(`${JSON.stringify(written)} is not a duration; write it as 5d, 2h or 90 (seconds)`);
      return ms ?? 0;
    })
    .describe(about);
