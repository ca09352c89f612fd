import { lines, type Script, sh, shellText } from '../shell/script.ts';
import type { Asked, Effect, Unanswered } from './action.ts';
import { hostGlob, hostPath } from './host-path.ts';
import { nonEmpty, path } from './params.ts';

/** What tells a command that it has been done already. */
export interface Conditions {
  readonly creates?: string | undefined;
  readonly removes?: string | undefined;
  readonly probe?: string | undefined;
  readonly chdir?: string | undefined;
}

export const conditionParams = {
  creates: path('A path or glob on the host; where it exists, the command is not run.').optional(),
  removes: path('A path or glob on the host; where it does not exist, the command is not run.').optional(),
  probe: nonEmpty(
    'A read-only shell command; exit code 0 says that the work has been done already. It makes a command safe to resume, and is asked again afterwards.',
  ).optional(),
};

/** Why the command need not run. */
export interface DoneAlready {
  readonly by?: 'creates' | 'removes' | 'probe';
}

export function effectOf(conditions: Conditions): Effect {
  const { creates, removes, probe } = conditions;
  return creates === undefined && removes === undefined && probe === undefined ? 'opaque' : 'probed';
}

/** Asks the host, in one command, which of the conditions says that there is nothing to do. */
export async function doneAlready(
  conditions: Conditions,
  host: Asked,
): Promise<{ readonly ok: true; readonly facts: DoneAlready } | Unanswered> {
  if (effectOf(conditions) === 'opaque') return { ok: true, facts: {} };
  const answer = await host.ask(question(conditions));
  if (!answer.ok) return answer;
  const by = /^done=(creates|removes|probe)$/m.exec(answer.stdout)?.[1];
  if (by === 'creates' || by === 'removes' || by === 'probe') return { ok: true, facts: { by } };
  if (/^done=nothing$/m.test(answer.stdout)) return { ok: true, facts: {} };
  return {
    ok: false,
    message: `the host did not say whether it had been done: ${(answer.stderr || answer.stdout).trim().slice(0, 300) || `exit ${answer.code}`}`,
  };
}

function question({ creates, removes, probe, chdir }: Conditions): Script {
  return lines([
    ...(chdir === undefined ? [] : [sh`cd ${hostPath(chdir)} || exit 1`]),
    shellText('present() { for f; do if [ -e "$f" ] || [ -h "$f" ]; then return 0; fi; done; return 1; }'),
    ...(creates === undefined ? [] : [sh`present ${hostGlob(creates)} && { echo done=creates; exit 0; }`]),
    ...(removes === undefined ? [] : [sh`present ${hostGlob(removes)} || { echo done=removes; exit 0; }`]),
    // A probe of its own shell: whatever it sets or exits with stays its own.
    ...(probe === undefined
      ? []
      : [sh`/bin/sh -c ${probe} </dev/null >/dev/null 2>&1 && { echo done=probe; exit 0; }`]),
    shellText('echo done=nothing'),
  ]);
}

/** Ansible's two sentences, and ours for `probe`. */
export function reasons(
  facts: DoneAlready,
  conditions: Conditions,
): { readonly why: string; readonly msg: string } | undefined {
  switch (facts.by) {
    case undefined:
      return undefined;
    case 'creates':
      return { why: `${conditions.creates} exists`, msg: `Did not run command since '${conditions.creates}' exists` };
    case 'removes':
      return {
        why: `${conditions.removes} does not exist`,
        msg: `Did not run command since '${conditions.removes}' does not exist`,
      };
    case 'probe':
      return {
        why: 'its probe says that it has been done',
        msg: 'Did not run command since its probe says that it has been done',
      };
  }
}

/** A probe that still says no after the command went well: the work did not take. */
export function stillUndone(conditions: Conditions, after: DoneAlready): string | undefined {
  if (conditions.probe === undefined || after.by !== undefined) return undefined;
  return `the command ended well, but its probe still says that it has not been done: ${conditions.probe}`;
}
