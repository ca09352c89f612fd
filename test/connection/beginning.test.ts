import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Beginning } from '../../src/connection/beginning.ts';
import { localLauncher } from '../../src/connection/local-process.ts';
import type { Launcher } from '../../src/connection/process.ts';
import { Runner } from '../../src/connection/running.ts';
import type { Outcome } from '../../src/shell/outcome.ts';
import { Secret, sh } from '../../src/shell/script.ts';

/** A host whose login shell's profile does this first; keeps the commands that it was sent. */
function hostWith(profile: string, commands: string[] = []): Runner {
  const local = localLauncher(process.env);
  const launcher: Launcher = {
    user: undefined,
    renew: () => {},
    start: (command, options) => {
      commands.push(command);
      return local.start(`${profile}\n${command}`, options);
    },
  };
  return new Runner(launcher);
}

const said = (outcome: Outcome) => [Buffer.from(outcome.stdout).toString(), Buffer.from(outcome.stderr).toString()];

describe('what the profile of a login shell prints', () => {
  it.each(['echo Welcome; echo moan >&2', "printf '\\033]0;title\\007'; printf 'no line' >&2"])(
    'is no output of a command: %s',
    async (profile) => {
      const host = hostWith(profile);
      for (const script of [
        sh`echo out; echo err >&2`,
        sh`echo out
echo err >&2`,
        sh`echo ${new Secret('out')}; echo err >&2`,
      ])
        expect(said(await host.run(script, {}))).toEqual(['out\n', 'err\n']);
      expect(said(await host.run(sh`cat`, { stdin: Buffer.from('\0\xff\n', 'latin1') }))[0]).toBe('\0\ufffd\n');
    },
  );

  it('is all there is where it keeps commands from running', async () => {
    const outcome = await hostWith('echo This account is not available; exit 1').run(sh`echo out`, {});
    expect(outcome).toMatchObject({ kind: 'exited', code: 1 });
    expect(said(outcome)).toEqual(['This account is not available\n', '']);
  });

  it('is looked for until a host has shown that there is none', async () => {
    for (const [profile, isLookedFor] of [
      [':', false],
      ['echo Welcome', true],
    ] as const) {
      const commands: string[] = [];
      const host = hostWith(profile, commands);
      for (let times = 0; times < 2; times++) expect(said(await host.run(sh`echo out`, {}))[0]).toBe('out\n');
      expect(commands.map((command) => command.includes('rollgate-go-'))).toEqual([true, isLookedFor]);
    }
  });
});

describe('the beginning of a stream', () => {
  it('is found however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.array(fc.nat(60)), (before, after, cuts) => {
        const whole = Buffer.from(`${before}SIGN-1\n${after}`);
        const beginning = new Beginning('SIGN-1');
        const own: Buffer[] = [];
        let at = 0;
        for (const length of [...cuts, whole.length]) {
          own.push(beginning.take(whole.subarray(at, at + length)));
          at += length;
        }
        expect([beginning.before.toString(), Buffer.concat(own).toString()]).toEqual([before, after]);
      }),
    );
  });

  it('is told where the output comes without end and without it', () => {
    const beginning = new Beginning('SIGN-1');
    for (let times = 0; times < 2000; times++) expect(beginning.take(Buffer.alloc(32_768, 'a'))).toHaveLength(0);
    expect(beginning.take(Buffer.from('SIGN-1\nout')).toString()).toBe('out');
  });
});
