import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteForAnyShell, wrap } from '../../src/connection/wrapping.ts';
import { Secret, sh, shellText } from '../../src/shell/script.ts';

const SHELLS = ['sh', 'bash', 'dash', 'mksh', 'busybox', 'zsh', 'tcsh', 'fish'].filter(
  (shell) => spawnSync(shell, ['-c', 'true']).error === undefined,
);
const run = (shell: string, command: string, input = ''): string =>
  execFileSync(shell, [...(shell === 'busybox' ? ['sh'] : []), '-c', command], { input, encoding: 'utf8' });
const PLAIN = { id: 'abc', environment: undefined, chdir: undefined, become: undefined, terminal: false };

describe.each(SHELLS)('the login shell %s', (shell) => {
  it('takes any word for one word', () => {
    const word = fc.string({
      unit: fc.constantFrom("'", '\\', '!', '"', '$', '`', ' ', '*', '~', '#', 'a', 'é', '%', '-'),
    });
    fc.assert(
      fc.property(word, (text) => {
        expect(run(shell, `printf %s x${quoteForAnyShell(text)}`)).toBe(`x${text}`);
      }),
      { numRuns: 40 },
    );
  });

  it('passes on scripts of one line, of several, and from stdin', () => {
    const text = `it's "a" \\n ! $x\n  second\\`;
    for (const script of [sh`printf %s ${text}`, sh`printf %s ${new Secret(text)}`]) {
      const { command, preamble } = wrap(script, PLAIN);
      expect(run(shell, command, preamble)).toBe(text);
    }
  });
});

it('marks everything that is started, sudo or not', () => {
  expect(wrap(shellText('true'), PLAIN).command).toBe('exec env ROLLGATE_STEP=abc /bin/sh -c true');
  const become = { method: 'sudo' as const, user: 'root' };
  expect(wrap(shellText('true'), { ...PLAIN, become }).command).toBe(
    `exec sudo -H -n -u root /bin/sh -c 'echo rollgate-go-abc >&2; exec env ROLLGATE_STEP=abc /bin/sh -c "$@"' sh true`,
  );
});

it('never shows a password', () => {
  const become = { method: 'sudo' as const, user: 'root', password: new Secret('hunter2') };
  for (const terminal of [true, false]) {
    const { command, preamble } = wrap(shellText('true'), { ...PLAIN, become, terminal });
    expect(command + preamble).not.toContain('hunter2');
  }
});
