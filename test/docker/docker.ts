import { execFileSync } from 'node:child_process';
import { missing } from '../sshd/sshd.ts';

/** Why there can be no containers here, or undefined. Under CI there must be. */
export function dockerMissing(): string | undefined {
  return missing(
    answers() ? undefined : 'Docker does not answer, or we are not root: the tests with containers are left out',
  );
}

function answers(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync('docker', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
