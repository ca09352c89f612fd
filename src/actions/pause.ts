import type { z } from 'zod';
import type { SteeringAction } from './action.ts';
import { flag, number, parameters, text } from './params.ts';

const params = parameters({
  seconds: number('How long, in seconds.').optional(),
  minutes: number('How long, in minutes.').optional(),
  prompt: text('What to ask; it goes on when somebody answers.').optional(),
  echo: flag('Whether what is typed is shown.').default(true),
}).superRefine((given, context) => {
  if (given.seconds !== undefined && given.minutes !== undefined)
    context.addIssue('write either `seconds` or `minutes`');
});

export const pause: SteeringAction<z.output<typeof params>> = {
  kind: 'steering',
  name: 'pause',
  summary: 'Waits for a time, or until somebody says to go on.',
  params,
};
