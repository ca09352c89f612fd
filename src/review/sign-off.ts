import { paragraph, type Section } from './document.ts';
import type { Review } from './review.ts';

export function signOffSection({ plan }: Review): Section {
  return {
    title: 'Sign-off',
    blocks: [
      paragraph(
        `What is approved is the plan ${plan.id}. It is run by: rollgate run --plan FILE.json, with the file that was saved for this review.`,
      ),
      { kind: 'blanks', labels: ['Reviewed by, date', 'Approved by, date', 'Change window', 'Remarks'] },
    ],
  };
}
