import type { Outlook } from '../engine/outlook.ts';
import { hostsIn } from '../plan/batches.ts';
import type { Plan } from '../plan/plan.ts';
import { judgingSection, resumingSection, stoppingSection, undoingSection } from './conduct.ts';
import { type Document, list, plural, type Section } from './document.ts';
import { headSection } from './head.ts';
import { hostsSection } from './hosts.ts';
import { type Observed, observedSection } from './observed.ts';
import { playSections } from './plays.ts';
import { restsOnSection } from './rests-on.ts';
import type { Made } from './saved.ts';
import { signOffSection } from './sign-off.ts';
import { unknownSection } from './unknown.ts';
import { windowsSection } from './windows.ts';

/** All that a reviewer is shown. */
export interface Review {
  /** Veiled: no secret is in it. */
  readonly plan: Plan;
  readonly made: Made;
  readonly outlook: Outlook;
  /** What the hosts said, where they were asked. */
  readonly observed?: Observed;
  /** What the plays' estimates come to beside the ledger, line by line; empty where nothing is estimated. */
  readonly forecast: readonly string[];
  /** What has changed since the plan was made. */
  readonly since: readonly string[];
}

/** The document: one section for each question that a reviewer asks, in the order in which they are asked. */
export function documentOf(review: Review): Document {
  return { title: titleOf(review), sections: sectionsOf(review) };
}

function sectionsOf(review: Review): readonly Section[] {
  return [
    headSection(review),
    restsOnSection(review),
    hostsSection(review),
    ...observedSection(review.observed),
    ...playSections(review),
    ...windowsSection(review),
    ...forecastSection(review),
    ...unknownSection(review),
    undoingSection(review),
    stoppingSection(review),
    resumingSection(),
    judgingSection(review),
    signOffSection(review),
  ];
}

function forecastSection({ forecast }: Review): readonly Section[] {
  return forecast.length === 0 ? [] : [{ title: 'Forecast', blocks: list(forecast.map((line) => line.trim())) }];
}

function titleOf({ plan }: Review): string {
  const names = plan.plays.map(({ name }) => name).join(', ');
  return `${names}: ${plural(hostsIn(plan).length, 'host')}`;
}
