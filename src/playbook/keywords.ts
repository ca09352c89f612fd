import { didYouMean } from '../source/nearest.ts';
import type { YamlEntry } from '../source/yaml.ts';
import { refuse, type Sheet } from './sheet.ts';

export type Level = 'play' | 'block' | 'task' | 'handler';

export interface Keyword {
  readonly levels: readonly Level[];
  readonly about: string;
  /** JSON Schema of its value, for editors. */
  readonly schema: object;
}

const EVERYWHERE: readonly Level[] = ['play', 'block', 'task', 'handler'];
const BELOW_PLAY: readonly Level[] = ['block', 'task', 'handler'];
const TASKS: readonly Level[] = ['task', 'handler'];

const TEXT = { type: 'string' };
const FLAG = { type: ['boolean', 'string'] };
const NUMBER = { type: ['number', 'string'] };
const MAPPING = { type: 'object' };
const oneOrMore = (one: object) => ({ anyOf: [one, { type: 'array', items: one }] });
const TEXTS = oneOrMore(TEXT);
const CONDITIONS = oneOrMore(FLAG);
const words = (...given: readonly (string | boolean)[]) => ({ enum: given });
const DURATION = { type: ['string', 'number'] };
const ITEMS = { type: ['array', 'null'], items: { $ref: '#/$defs/item' } };

const keyword = (levels: readonly Level[], schema: object, about: string): Keyword => ({ levels, schema, about });

/** Every keyword there is, and where it may stand. */
export const KEYWORDS: Readonly<Record<string, Keyword>> = {
  name: keyword(EVERYWHERE, { type: ['string', 'number', 'null'] }, 'What it is called in plans, logs and the recap.'),
  hosts: keyword(['play'], TEXTS, 'A host pattern, or a list of them.'),
  serial: keyword(
    ['play'],
    oneOrMore(NUMBER),
    'Hosts in a batch: a number, a percentage of the play\'s hosts ("20%"), or a list of them, whose last repeats.',
  ),
  max_fail_percentage: keyword(['play'], NUMBER, 'Percent of a batch that may fail; more stops the run.'),
  max_failures: keyword(['play'], NUMBER, 'Hosts, or "N%" of them, that may fail over the whole play; more stops it.'),
  max_lost: keyword(['play'], NUMBER, 'Things, such as tasks, that may be lost over the whole play; more stops it.'),
  pause_after: keyword(
    ['play'],
    words('batch'),
    '`batch`: after each batch that another follows, nothing goes on until somebody says `rollgate continue`.',
  ),
  order: keyword(
    ['play'],
    words('inventory', 'reverse_inventory', 'sorted', 'reverse_sorted', 'shuffle', 'ledger'),
    'The order of the hosts; ledger: what ends first in the ledger goes first.',
  ),
  strategy: keyword(
    ['play'],
    words('linear', 'host_pinned'),
    'linear: task by task over a batch. host_pinned: each host to its end, at most `forks` at a time.',
  ),
  forks: keyword(['play'], NUMBER, "Hosts at a time; without it the run's --forks."),
  estimate: keyword(['play'], NUMBER, 'How long one host is expected to take, such as 9m: for the forecast.'),
  vars_files: keyword(['play'], TEXTS, 'Files of variables, over `vars`.'),
  gather_facts: keyword(['play'], words(false, 'no', 'false'), 'Only false: rollgate gathers no facts.'),
  pre_tasks: keyword(['play'], ITEMS, 'Run before `tasks`, with their handlers.'),
  tasks: keyword(['play'], ITEMS, 'What is done on each host.'),
  post_tasks: keyword(['play'], ITEMS, 'Run after `tasks` and their handlers.'),
  handlers: keyword(
    ['play'],
    { type: ['array', 'null'], items: { $ref: '#/$defs/handler' } },
    'Tasks that run once at the end of a section when something notified them.',
  ),
  vars: keyword(EVERYWHERE, { type: ['object', 'null'] }, 'Variables.'),
  environment: keyword(
    EVERYWHERE,
    { anyOf: [oneOrMore(MAPPING), { type: ['string', 'null'] }] },
    'Environment variables of commands.',
  ),
  tags: keyword(EVERYWHERE, TEXTS, 'Names by which --tags and --skip-tags choose.'),
  become: keyword(EVERYWHERE, FLAG, 'Whether commands run as another user.'),
  become_user: keyword(EVERYWHERE, TEXT, 'That user; root without it.'),
  become_method: keyword(EVERYWHERE, TEXT, 'How to become that user; sudo without it.'),
  any_errors_fatal: keyword(EVERYWHERE, FLAG, 'Whether one failed host stops the play for all.'),
  ignore_errors: keyword(EVERYWHERE, FLAG, 'Whether a failure counts as none.'),
  ignore_unreachable: keyword(EVERYWHERE, FLAG, 'Whether a host that cannot be reached goes on with the next task.'),
  run_once: keyword(EVERYWHERE, FLAG, 'Run on the first host of a batch, for all of it.'),
  throttle: keyword(EVERYWHERE, NUMBER, 'Hosts at a time for a task.'),
  timeout: keyword(EVERYWHERE, NUMBER, 'Seconds for one attempt; 1800 without it; 0: no limit.'),
  no_log: keyword(EVERYWHERE, FLAG, 'Whether parameters and results are kept out of logs.'),
  check_mode: keyword(EVERYWHERE, FLAG, 'true: only ever simulated. false: done even in a dry run.'),
  when: keyword(BELOW_PLAY, CONDITIONS, 'Bare expressions, all of which must hold.'),
  delegate_to: keyword(BELOW_PLAY, TEXT, 'Another host to do it on.'),
  notify: keyword(BELOW_PLAY, TEXTS, 'Handlers to run when it changed something.'),
  block: keyword(['block'], ITEMS, 'Tasks that belong together.'),
  rescue: keyword(['block'], ITEMS, 'Run when a task of the block failed.'),
  always: keyword(['block'], ITEMS, 'Run after the block and its rescue.'),
  window: keyword(
    ['block'],
    {
      anyOf: [
        TEXT,
        {
          type: 'object',
          properties: {
            name: TEXT,
            length: DURATION,
            reserve: DURATION,
            expected: DURATION,
            guard: {
              anyOf: [
                TEXT,
                { type: 'object', properties: { none: TEXT }, required: ['none'], additionalProperties: false },
              ],
            },
          },
          required: ['name'],
          additionalProperties: false,
        },
      ],
    },
    'Makes the block a stretch that is not interrupted on its host; with `length`, `reserve` and `guard`, one with a deadline.',
  ),
  must_finish: keyword(['block'], ITEMS, 'In a window: runs whatever happened in the block.'),
  args: keyword(TASKS, MAPPING, "More of the action's parameters."),
  loop: keyword(TASKS, { type: ['array', 'string'] }, 'A list; the task is done for each `item`.'),
  register: keyword(TASKS, TEXT, 'The variable that takes the result.'),
  until: keyword(TASKS, CONDITIONS, 'Try again until these hold.'),
  retries: keyword(TASKS, NUMBER, 'How often to try again; 3 with `until`.'),
  delay: keyword(TASKS, NUMBER, 'Seconds between attempts; 5 without it.'),
  failed_when: keyword(TASKS, CONDITIONS, 'When the result counts as failed.'),
  changed_when: keyword(TASKS, CONDITIONS, 'When the result counts as changed.'),
  listen: keyword(['handler'], TEXTS, 'Other names that `notify` may use.'),
};

const LOOPS = 'is not supported: write `loop:` with a list, or with a template that gives one';
const ASYNC = 'is not supported: every task has a timeout (`timeout:`), and `until`, `retries` and `delay` wait';

/** What Ansible has and rollgate has not, with what to write instead. */
const REFUSED: Readonly<Record<string, string>> = {
  action: 'is not supported: write the action as a key of its own, such as `command: uptime`',
  local_action: 'is not supported: write the action as a key of its own, and `delegate_to: localhost`',
  async: ASYNC,
  poll: ASYNC,
  loop_control: 'is not supported: the item is always `item`',
  delegate_facts: "is not supported: set_fact sets facts of the task's own host",
  connection: 'is not supported as a keyword: set the variable `ansible_connection` (vars or inventory)',
  port: 'is not supported as a keyword: set the variable `ansible_port` (vars or inventory)',
  remote_user: 'is not supported as a keyword: set the variable `ansible_user` (vars or inventory)',
  user: 'is not supported as a keyword: set the variable `ansible_user` (vars or inventory)',
  sudo: 'is not supported: write `become: true`',
  sudo_user: 'is not supported: write `become: true` and `become_user:`',
  become_flags: 'is not supported: sudo is called with the flags it needs',
  become_exe: 'is not supported: sudo is looked up in the PATH of the host',
  module_defaults: 'is not supported: write the parameters at each task, or use a YAML anchor',
  collections: 'is not supported: rollgate has its own actions and no collections',
  debugger: 'is not supported: read the log of the host under the state directory',
  diff: 'is not supported yet',
  roles: 'is not supported yet: write their tasks under `tasks:`',
  vars_prompt: 'is not supported: give the value with -e',
  force_handlers: 'is not supported: put what must run into the `always:` of a block',
  gather_subset: 'is not supported: rollgate gathers no facts',
  gather_timeout: 'is not supported: rollgate gathers no facts',
  fact_path: 'is not supported: rollgate gathers no facts',
  accelerate: 'is not supported',
};

export function isKeyword(word: string): boolean {
  return Object.hasOwn(KEYWORDS, word);
}

/** Why a word that Ansible knows as a keyword cannot be used. */
export function refusedKeyword(word: string): string | undefined {
  if (word.startsWith('with_')) return LOOPS;
  return Object.hasOwn(REFUSED, word) ? REFUSED[word] : undefined;
}

export function keywordsOf(level: Level): readonly string[] {
  return Object.entries(KEYWORDS).flatMap(([name, { levels }]) => (levels.includes(level) ? [name] : []));
}

/** Refuses a key that is no keyword of this level: misplaced, not supported, or not known. */
export function refuseKey(
  { key, keyPlace }: YamlEntry,
  level: Level,
  sheet: Sheet,
  others: readonly string[] = [],
): void {
  const refused = refusedKeyword(key);
  const levels = Object.hasOwn(KEYWORDS, key) ? KEYWORDS[key]?.levels : undefined;
  if (levels !== undefined) {
    const where = levels.map((each) => `${each}s`).join(', ');
    refuse(sheet, 'misplaced-keyword', `${key} does not belong on a ${level}; it goes on ${where}`, keyPlace);
  } else if (refused !== undefined) {
    refuse(sheet, 'unsupported-keyword', `${key} ${refused}`, keyPlace);
  } else {
    const near = didYouMean(key, [...keywordsOf(level), ...others]);
    refuse(sheet, 'unknown-keyword', `"${key}" is not a keyword of a ${level}${near}`, keyPlace);
  }
}
