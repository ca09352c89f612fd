import { type Document, plural } from '../review/document.ts';
import type { Account } from './account.ts';
import { comparisonSection } from './comparison-section.ts';
import { hostsSection, troubleSection } from './hosts-section.ts';
import { headSection, stateOf } from './in-short.ts';
import { lossSection } from './loss-section.ts';
import { overridesSection } from './overrides-section.ts';
import { planSections } from './plan-sections.ts';
import { stepSections } from './step-sections.ts';
import { timelineSection } from './timeline-section.ts';

/** The account of a run for its ticket: first what somebody must act on, then what was planned beside what happened. */
export function accountDocument(account: Account): Document {
  return {
    title: `${account.plays.map(({ name }) => name).join(', ')}: ${plural(account.hosts.length, 'host')}, ${stateOf(account)}`,
    sections: [
      headSection(account),
      ...lossSection(account),
      ...troubleSection(account),
      overridesSection(account),
      ...timelineSection(account),
      ...planSections(account),
      hostsSection(account),
      ...comparisonSection(account),
      ...stepSections(account),
    ],
  };
}
