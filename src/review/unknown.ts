import type { Work } from '../engine/outlook.ts';
import { list, paragraph, type Section } from './document.ts';
import type { Review } from './review.ts';
import { outlooksOf } from './tasks.ts';

/** What a plan cannot say, and why: to be known by a reviewer as much as the rest. */
export function unknownSection(review: Review): readonly Section[] {
  const found = review.plan.plays.flatMap(({ tasks }) =>
    tasks.flatMap((task) => {
      const whys = outlooksOf(task, review).flatMap(({ value }) => whysOf(value.work));
      return [...new Set(whys)].map((why) => `${task.name}: ${why}`);
    }),
  );
  if (found.length === 0) return [];
  const text =
    'These are settled only while the run goes on. Files whose names depend on them are not held to the plan.';
  return [{ title: 'Not known before the run', blocks: [paragraph(text), ...list([...new Set(found)])] }];
}

function whysOf(work: Work): readonly string[] {
  if (work.kind === 'items') return work.items.flatMap((each) => whysOf(each.work));
  return work.kind === 'params' && work.why !== undefined ? [work.why] : [];
}
