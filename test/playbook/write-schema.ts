import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { playbookJsonSchema } from '../../src/playbook/schema.ts';

/** Writes schemas/playbook.schema.json anew: `npx tsx test/playbook/write-schema.ts`. */
export const SCHEMA_FILE = join(import.meta.dirname, '..', '..', 'schemas', 'playbook.schema.json');

export function schemaText(): string {
  return `${JSON.stringify(playbookJsonSchema(), null, 2)}\n`;
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(dirname(SCHEMA_FILE), { recursive: true });
  writeFileSync(SCHEMA_FILE, schemaText());
}
