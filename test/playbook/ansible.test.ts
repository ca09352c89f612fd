import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { reading } from './reading.ts';

/** What `ansible-playbook --syntax-check` of ansible-core 2.14.18 said to each text. */
const CASES = z
  .array(z.object({ text: z.string(), accepted: z.boolean() }))
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'cases', 'ansible-2.14-syntax.json'), 'utf8')));

/** What Ansible finds only when it runs, or never. */
const STRICTER: readonly string[] = ['become: perhaps', '    -\n', '- rescue: []', 'become: [1]'];
const isStricter = (text: string) => STRICTER.some((part) => text.includes(part));

describe('a text that Ansible 2.14', () => {
  it.each(CASES.filter(({ text }) => !isStricter(text)))(
    'accepts or refuses is so here: $text',
    ({ text, accepted }) => {
      expect(reading(text).mistakes.length === 0).toBe(accepted);
    },
  );

  it.each(CASES.filter(({ text }) => isStricter(text)))('accepts is refused here: $text', ({ text, accepted }) => {
    expect(accepted).toBe(true);
    expect(reading(text).mistakes).toHaveLength(1);
  });
});
