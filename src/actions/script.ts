import type { z } from 'zod';
import { lines, type Script, sh, shellText } from '../shell/script.ts';
import type { Action, Asked, Decision, Probed } from './action.ts';
import { plainResult } from './command.ts';
import { conditionParams, type DoneAlready, doneAlready, effectOf, reasons, stillUndone } from './done-already.ts';
import { hostPath } from './host-path.ts';
import { commandText, parameters, path } from './params.ts';
import { splitWords } from './words.ts';

const params = parameters(
  {
    cmd: commandText('The script, a file of the bastion, and its arguments.'),
    ...conditionParams,
    chdir: path('The folder on the host in which the script runs.').optional(),
    executable: path('What runs the script, instead of its first line.').optional(),
  },
  { aliases: { _raw_params: 'cmd', free_form: 'cmd' }, refused: { decrypt: 'there is no vault here' } },
);

type Params = z.output<typeof params>;

interface Facts extends DoneAlready {
  readonly bytes?: Uint8Array;
  readonly why?: string;
}

/** Runs a script of the bastion. It reaches the host over the command's standard input and lies there only while it runs. */
export const script: Action<Params, Facts> = {
  kind: 'host',
  name: 'script',
  summary: 'Copies a script from the bastion to the host, runs it there, and removes it.',
  params,
  freeForm: 'cmd',
  effect: effectOf,
  localFiles: (given) => wordsOf(given).slice(0, 1),
  probe,
  decide,
  verify: (given, _before, after) => stillUndone(given, after),
};

async function probe(given: Params, host: Asked): Promise<Probed<Facts>> {
  const [file = ''] = wordsOf(given);
  const read = await host.bastion.read(host.localPath(file));
  if (!read.ok) return { ok: true, facts: { why: `Could not find or access '${file}' on the bastion: ${read.why}` } };
  const done = await doneAlready(given, host);
  return done.ok ? { ok: true, facts: { ...done.facts, bytes: read.bytes } } : done;
}

function decide(given: Params, facts: Facts): Decision {
  const { bytes } = facts;
  if (bytes === undefined) return { kind: 'settled', result: { changed: false, failed: true, msg: facts.why ?? '' } };
  const reason = reasons(facts, given);
  if (reason !== undefined)
    return {
      kind: 'settled',
      result: { changed: false, skipped: true, msg: skippedBecause(given, facts) ?? reason.msg },
    };
  return {
    kind: 'work',
    commands: [
      {
        kind: 'run',
        script: runner(given),
        stdin: bytes,
        ...(given.chdir === undefined ? {} : { chdir: hostPath(given.chdir) }),
      },
    ],
    conclude: ([done]) => plainResult(done),
  };
}

function skippedBecause(given: Params, { by }: Facts): string | undefined {
  if (by === 'creates') return `${given.creates} exists, matching creates option`;
  return by === 'removes' ? `${given.removes} does not exist, matching removes option` : undefined;
}

function wordsOf({ cmd }: Params): readonly string[] {
  const split = splitWords(cmd);
  return split.ok ? split.words : [];
}

/** In a new folder that only the task's user can enter, on a file system that lets files be run; gone afterwards. */
function runner(given: Params): Script {
  const [file = '', ...args] = wordsOf(given);
  const name = file.split('/').at(-1) ?? file;
  const before = given.executable === undefined ? sh`` : sh`${given.executable} `;
  return lines([
    shellText(`rollgate_dir=
for base in "\${TMPDIR:-/tmp}" "$HOME" /var/tmp; do
  rollgate_dir=$base/.rollgate-script-$$
  if (umask 077; mkdir "$rollgate_dir") 2>/dev/null; then`),
    sh`    rollgate_file=$rollgate_dir/${name}`,
    shellText(`    : >"$rollgate_file" && chmod 700 "$rollgate_file"
    if [ -x "$rollgate_file" ]; then break; fi
    rm -rf "$rollgate_dir"
  fi
  rollgate_dir=
done
if [ -z "$rollgate_dir" ]; then echo "no folder to put the script in: tried TMPDIR, HOME and /var/tmp" >&2; exit 73; fi
trap 'rm -rf "$rollgate_dir"; exit 143' HUP INT TERM
cat >"$rollgate_file" || { rm -rf "$rollgate_dir"; exit 73; }`),
    sh`${before}"$rollgate_file" ${args} </dev/null`,
    shellText('rollgate_rc=$?; rm -rf "$rollgate_dir"; exit $rollgate_rc'),
  ]);
}
