import * as z from 'zod';
import { lines, type Script, sh, shellText } from '../shell/script.ts';
import { boundedMatch, TooLong } from '../source/bounded-match.ts';
import type { Value } from '../source/value.ts';
import type { Action, Asked, Decision, Probed, Result, Unanswered } from './action.ts';
import { asRegistered, factsIn, look } from './file-facts.ts';
import { setPath } from './host-path.ts';
import { integer, number, parameters, path, text } from './params.ts';
import { tryPort } from './port.ts';
import { pythonRegex } from './python-regex.ts';

const states = ['started', 'present', 'stopped', 'absent'] as const;

const params = parameters(
  {
    host: text('The address, as the host sees it, whose port is tried.').default('127.0.0.1'),
    port: integer('The TCP port.', 1).optional(),
    path: path('A path on the host, instead of a port.').optional(),
    search_regex: text(
      'A regular expression that must be found in the file (its last MiB), or in what comes out of the port.',
    )
      .refine((pattern) => pythonRegex(pattern) !== undefined, 'is not a regular expression')
      .optional(),
    state: z
      .enum(states, {
        error: ({ input }) =>
          input === 'drained'
            ? '"drained" is not supported: ask for the connections with `shell`'
            : `must be one of ${states.join(', ')}`,
      })
      .describe('`started`/`present`: it is there; `stopped`/`absent`: it is not.')
      .default('started'),
    timeout: number('Seconds after which waiting fails.').default(300),
    delay: number('Seconds to wait before looking for the first time.').default(0),
    sleep: number('Seconds between one look and the next.').default(1),
    connect_timeout: number('Seconds that one attempt to connect may take.').default(5),
    msg: text('What to say when the time is up.').optional(),
  },
  {
    refused: {
      active_connection_states: 'it belongs to `state: drained`, which is not supported',
      exclude_hosts: 'it belongs to `state: drained`, which is not supported',
    },
  },
).superRefine((given, context) => {
  if (given.port !== undefined && given.path !== undefined)
    context.addIssue('port and path parameter can not both be passed to wait_for');
  if (given.port !== undefined && given.port > 65535)
    context.addIssue({ code: 'custom', path: ['port'], message: 'must be at most 65535' });
});

type Params = z.output<typeof params>;

interface Facts {
  readonly met: boolean;
  /** Whole seconds. */
  readonly elapsed: number;
  readonly waited: boolean;
  readonly groups: readonly (string | null)[];
  readonly named: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, Value>>;
}

export const waitFor: Action<Params, Facts> = {
  kind: 'host',
  name: 'wait_for',
  summary: 'Waits, on the host, for a port or a file to come or to go.',
  params,
  effect: () => 'reads',
  probe,
  decide,
};

/** The bastion keeps the time and asks again, so that a broken connection or an interrupted run ends the waiting. */
async function probe(given: Params, host: Asked): Promise<Probed<Facts>> {
  if (host.check) return { ok: true, facts: { ...NOTHING, met: true, elapsed: 0, waited: false } };
  const { clock } = host;
  const started = clock.monotonic();
  const elapsed = () => Math.floor((clock.monotonic() - started) / 1000);
  await clock.sleep(given.delay * 1000);
  if (given.port === undefined && given.path === undefined) {
    await clock.sleep(given.timeout * 1000);
    return { ok: true, facts: { ...NOTHING, met: true, elapsed: elapsed(), waited: true } };
  }
  for (;;) {
    const seen = await lookOnce(given, host);
    if (!seen.ok) return seen;
    const leftMs = given.timeout * 1000 - (clock.monotonic() - started);
    if (seen.facts.met || leftMs <= 0) return { ok: true, facts: { ...seen.facts, elapsed: elapsed(), waited: true } };
    // The last look is when the time is up, however long the sleep between looks.
    await clock.sleep(Math.min(given.sleep * 1000, leftMs));
  }
}

type Seen = Pick<Facts, 'met' | 'groups' | 'named' | 'attributes'>;

const NOTHING: Seen = { met: false, groups: [], named: {}, attributes: {} };

async function lookOnce(given: Params, host: Asked): Promise<{ readonly ok: true; readonly facts: Seen } | Unanswered> {
  const answer = await host.ask(question(given));
  if (!answer.ok) return answer;
  const isThere = given.path === undefined ? portIn(answer.stdout) : pathIn(answer.stdout);
  if (isThere === undefined) return { ok: false, message: cannotTell(given, answer.stderr) };
  if (given.state === 'stopped' || given.state === 'absent')
    return { ok: true, facts: { ...NOTHING, met: !isThere.is } };
  if (given.search_regex === undefined || !isThere.is)
    return { ok: true, facts: { ...NOTHING, ...isThere, met: isThere.is } };
  const found = searched(given.search_regex, isThere.text);
  if (found instanceof TooLong) return { ok: false, message: found.message };
  return { ok: true, facts: { ...found, attributes: isThere.attributes } };
}

function question(given: Params): Script {
  const reads = given.search_regex !== undefined && (given.state === 'started' || given.state === 'present');
  if (given.path === undefined) return tryPort(given.host, given.port ?? 0, given.connect_timeout, reads);
  return lines([
    setPath(given.path),
    look({ follow: true }),
    sh`echo looked=1`,
    ...(reads ? [shellText('if [ -f "$p" ]; then printf \'text=\'; tail -c 1048576 "$p"; fi')] : []),
  ]);
}

interface There {
  readonly is: boolean;
  readonly text: string;
  readonly attributes: Readonly<Record<string, Value>>;
}

function portIn(printed: string): There | undefined {
  const state = /^port=(open|closed)$/m.exec(printed);
  if (state === null) return undefined;
  return { is: state[1] === 'open', text: printed.slice(state.index + state[0].length + 1), attributes: {} };
}

function pathIn(printed: string): There | undefined {
  const facts = factsIn(printed);
  if (facts === undefined || facts.denied !== undefined) return undefined;
  const at = printed.indexOf('\ntext=');
  const attributes = facts.found === undefined ? {} : asRegistered(facts.found);
  return { is: facts.found !== undefined, text: at < 0 ? '' : printed.slice(at + '\ntext='.length), attributes };
}

function cannotTell(given: Params, stderr: string): string {
  if (given.path !== undefined) return `the host cannot look at ${given.path}: ${stderr.trim() || 'permission denied'}`;
  return `the host has nothing to try ${given.host}:${given.port} with (bash, nc, busybox or perl); wait with a command of its own and \`until\``;
}

function searched(pattern: string, text: string): Seen | TooLong {
  const regex = pythonRegex(pattern);
  const match = regex && boundedMatch(regex, text.length, () => regex.exec(text));
  if (match instanceof TooLong) return match;
  if (match === null || match === undefined) return NOTHING;
  return { ...NOTHING, met: true, groups: match.slice(1).map((group) => group ?? null), named: { ...match.groups } };
}

function decide(given: Params, facts: Facts): Decision {
  if (!facts.waited)
    return { kind: 'settled', result: { changed: false, skipped: true, msg: 'nothing is waited for in check mode' } };
  if (!facts.met)
    return {
      kind: 'settled',
      result: { changed: false, failed: true, elapsed: facts.elapsed, msg: given.msg ?? timeUp(given) },
    };
  return { kind: 'settled', result: met(given, facts) };
}

function met(given: Params, facts: Facts): Result {
  return {
    changed: false,
    elapsed: facts.elapsed,
    state: given.state,
    port: given.port ?? null,
    path: given.path ?? null,
    search_regex: given.search_regex ?? null,
    match_groups: facts.groups,
    match_groupdict: facts.named,
    ...facts.attributes,
  };
}

function timeUp({ host, port, path, state, search_regex }: Params): string {
  const place = path ?? `${host}:${port}`;
  if (state === 'stopped' || state === 'absent')
    return `Timeout when waiting for ${place} ${path === undefined ? 'to stop' : 'to be absent'}.`;
  if (search_regex !== undefined) return `Timeout when waiting for search string ${search_regex} in ${place}`;
  return `Timeout when waiting for ${path === undefined ? '' : 'file '}${place}`;
}
