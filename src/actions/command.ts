import * as z from 'zod';
import { argv, type Script, sh, shellText } from '../shell/script.ts';
import type { Value } from '../source/value.ts';
import type { Action, Decision, Done, HostCommand, Result } from './action.ts';
import {
  type Conditions,
  conditionParams,
  type DoneAlready,
  doneAlready,
  effectOf,
  reasons,
  stillUndone,
} from './done-already.ts';
import { hostPath } from './host-path.ts';
import { ended, times } from './outcomes.ts';
import { commandText, flag, nonEmpty, parameters, path, text, word } from './params.ts';
import { splitWords } from './words.ts';

/** The keys that are taken out of the free form text of actions whose text is a command. */
export const COMMAND_KEYS = [
  'creates',
  'removes',
  'probe',
  'chdir',
  'executable',
  'stdin',
  'stdin_add_newline',
  'strip_empty_ends',
] as const;

const common = {
  ...conditionParams,
  chdir: path('The folder on the host in which the command runs.').optional(),
  stdin: text('What the command reads from its standard input.').optional(),
  stdin_add_newline: flag('Whether a line break is put after `stdin`.').default(true),
  strip_empty_ends: flag('Whether line breaks at the end of the output are left out.').default(true),
};

const warn = 'it warns of nothing here; leave it out';

const commandParams = parameters(
  {
    cmd: commandText(
      'The command and its arguments in one text, split into words as a shell would but run without one.',
    ).optional(),
    argv: z
      .array(word('One argument.'))
      .min(1, { error: 'must name at least the program' })
      .describe('The command and its arguments as a list.')
      .optional(),
    ...common,
  },
  {
    aliases: { _raw_params: 'cmd' },
    refused: { warn, executable: '`command` uses no shell; use `shell` with `executable`' },
  },
).superRefine((given, context) => {
  if ((given.cmd === undefined) === (given.argv === undefined))
    context.addIssue('no command given, or two: write either `cmd` (or free form) or `argv`');
});

type Common = Conditions & {
  readonly stdin?: string | undefined;
  readonly stdin_add_newline: boolean;
  readonly strip_empty_ends: boolean;
};

export const command: Action<z.output<typeof commandParams>, DoneAlready> = {
  kind: 'host',
  name: 'command',
  summary: 'Runs a program with its arguments, without a shell: |, *, > and $NAME mean nothing.',
  params: commandParams,
  freeForm: 'cmd',
  effect: effectOf,
  probe: doneAlready,
  // `exec` takes the first word for a program only: never for a builtin, a keyword or an assignment.
  decide: (params, facts) => decideRun(wordsOf(params), sh`exec ${argv(wordsOf(params))}`, params, facts),
  foretold: (params) => [orderOf(sh`exec ${argv(wordsOf(params))}`, params)],
  verify: (params, _before, after) => stillUndone(params, after),
};

function wordsOf(params: {
  readonly cmd?: string | undefined;
  readonly argv?: readonly string[] | undefined;
}): readonly string[] {
  if (params.argv !== undefined) return params.argv;
  const split = splitWords(params.cmd ?? '');
  return split.ok ? split.words : [];
}

const shellParams = parameters(
  {
    cmd: nonEmpty('The shell text to run.'),
    executable: path('The shell to use; /bin/sh if nothing is said.').optional(),
    ...common,
  },
  {
    aliases: { _raw_params: 'cmd' },
    refused: { warn, argv: '`shell` takes one text; use `command` for a list of arguments' },
  },
);

export const shell: Action<z.output<typeof shellParams>, DoneAlready> = {
  kind: 'host',
  name: 'shell',
  summary: 'Runs text in the host’s shell, /bin/sh unless `executable` says another.',
  params: shellParams,
  freeForm: 'cmd',
  effect: effectOf,
  probe: doneAlready,
  decide: (params, facts) => decideRun(params.cmd, shellScript(params), params, facts),
  foretold: (params) => [orderOf(shellScript(params), params)],
  verify: (params, _before, after) => stillUndone(params, after),
};

function shellScript({ executable, cmd }: z.output<typeof shellParams>): Script {
  return sh`${executable ?? '/bin/sh'} -c ${cmd}`;
}

function decideRun(cmd: Value, script: Script, params: Common, facts: DoneAlready): Decision {
  const reason = reasons(facts, params);
  if (reason !== undefined) return { kind: 'settled', result: notRun(cmd, reason) };
  return {
    kind: 'work',
    commands: [orderOf(script, params)],
    conclude: ([done]) => commandResult(cmd, done, params.strip_empty_ends),
  };
}

function orderOf(script: Script, params: Common): HostCommand {
  return {
    kind: 'run',
    script,
    ...stdinOf(params),
    ...(params.chdir === undefined ? {} : { chdir: hostPath(params.chdir) }),
  };
}

function stdinOf({ stdin, stdin_add_newline }: Common): Partial<Extract<HostCommand, { kind: 'run' }>> {
  if (stdin === undefined) return {};
  return { stdin: new TextEncoder().encode(stdin_add_newline ? `${stdin}\n` : stdin) };
}

/** What Ansible registers for a command that `creates` or `removes` kept from running: rc 0, and no times. */
function notRun(cmd: Value, { why, msg }: { readonly why: string; readonly msg: string }): Result {
  const stdout = `skipped, since ${why}`;
  return {
    changed: false,
    cmd,
    rc: 0,
    stdout,
    stderr: '',
    stdout_lines: [stdout],
    stderr_lines: [],
    start: null,
    end: null,
    delta: null,
    msg,
  };
}

function commandResult(cmd: Value, done: Done | undefined, strip: boolean): Result {
  const end = ended(done, strip);
  const about = { cmd, ...(done === undefined ? {} : times(done)), ...end.output };
  if (end.ok) return { changed: true, rc: 0, msg: '', ...about };
  return { changed: true, failed: true, msg: end.msg, ...(end.rc === undefined ? {} : { rc: end.rc }), ...about };
}

const rawParams = parameters(
  {
    cmd: nonEmpty('What is sent to the host, as it is.'),
    executable: path('The shell to run it with, instead of the one that the connection gives.').optional(),
    probe: conditionParams.probe,
  },
  {
    aliases: { _raw_params: 'cmd', free_form: 'cmd' },
    refused: Object.fromEntries(
      ['creates', 'removes', 'chdir', 'stdin'].map((key) => [key, '`raw` knows only `executable`; use `shell`']),
    ),
  },
);

export const raw: Action<z.output<typeof rawParams>, DoneAlready> = {
  kind: 'host',
  name: 'raw',
  summary: 'Sends text to the host as it is.',
  params: rawParams,
  freeForm: 'cmd',
  effect: effectOf,
  probe: doneAlready,
  decide: (params, facts) => decideRaw(params, facts),
  foretold: (params) => [{ kind: 'run', script: rawScript(params) }],
  verify: (params, _before, after) => stillUndone(params, after),
};

function decideRaw(params: z.output<typeof rawParams>, facts: DoneAlready): Decision {
  const reason = reasons(facts, params);
  if (reason !== undefined) return { kind: 'settled', result: { changed: false, rc: 0, msg: reason.msg } };
  return {
    kind: 'work',
    commands: [{ kind: 'run', script: rawScript(params) }],
    conclude: ([done]) => plainResult(done),
  };
}

function rawScript({ executable, cmd }: z.output<typeof rawParams>): Script {
  return executable === undefined ? shellText(cmd) : sh`${executable} -c ${cmd}`;
}

/** The results of `raw` and `script`: output as it came, no times. */
export function plainResult(done: Done | undefined): Result {
  const end = ended(done, false);
  if (end.ok) return { changed: true, rc: 0, ...end.output };
  return { changed: true, failed: true, msg: end.msg, ...(end.rc === undefined ? {} : { rc: end.rc }), ...end.output };
}
