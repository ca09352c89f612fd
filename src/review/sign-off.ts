import { paragraph, type Section } from './document.ts';
import type { Review } from './review.ts';
import { observedId } from './saved.ts';

export function signOffSection({ plan, observed }: Review): Section {
  const seen = observed === undefined ? '' : `, on hosts that are as they said (${observedId(plan, observed)})`;
  return {
    title: 'Sign-off',
    blocks: [
      paragraph(
        `What is approved is the plan ${plan.id}${seen}. It is run by: rollgate run --plan FILE.json, with the file that was saved for this review.`,
      ),
      { kind: 'blanks', labels: ['Reviewed by, date', 'Approved by, date', 'Change window', 'Remarks'] },
    ],
  };
}
