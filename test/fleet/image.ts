import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printed } from './docker.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const RECIPE = join(HERE, 'build-image');

/** Building from nothing takes minutes; afterwards the image is found by the digest of what it is made of. */
export const BUILD_TIMEOUT_MS = 900_000;

/** The tag of the host's image, built where this machine's Docker does not have it. One builds, others wait for it. */
export async function fleetImage(): Promise<string> {
  const parts = readdirSync(join(HERE, 'host')).sort();
  const base = `rollgate-fleet-base:${digest([RECIPE])}`;
  const image = `rollgate-fleet:${digest([RECIPE, ...parts.map((part) => join(HERE, 'host', part))])}`;
  await printed('flock', ['/tmp/rollgate-fleet-image.lock', RECIPE, base, image]);
  return image;
}

function digest(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file.slice(HERE.length)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 12);
}
