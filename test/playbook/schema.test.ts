import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { playbookJsonSchema } from '../../src/playbook/schema.ts';
import { SCHEMA_FILE, schemaText } from './write-schema.ts';

describe('schemas/playbook.schema.json', () => {
  it('is what the loader knows (npx tsx test/playbook/write-schema.ts writes it anew)', () => {
    expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(schemaText());
  });

  it('refers only to what it defines', () => {
    const text = schemaText();
    const defined = Object.keys((playbookJsonSchema() as { $defs: object }).$defs);
    const referred = [...text.matchAll(/"#\/\$defs\/([^"]+)"/g)].map((found) => found[1]);
    expect(referred.filter((name) => name === undefined || !defined.includes(name))).toEqual([]);
  });

  it('describes every parameter that the actions describe', () => {
    const { $defs } = playbookJsonSchema() as { $defs: Record<string, { anyOf: { properties?: object }[] }> };
    const copy = $defs.action_copy?.anyOf[0]?.properties ?? {};
    expect(Object.keys(copy)).toEqual(expect.arrayContaining(['src', 'dest', 'mode']));
    expect(z.object({ dest: z.object({ description: z.string() }) }).safeParse(copy).success).toBe(true);
  });
});
