import type { Expressions } from '../expressions/expressions.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { limitHosts, selectHosts } from '../inventory/patterns.ts';
import { readVarsFile } from '../inventory/vars-file.ts';
import type { Block, Item, Play, Playbook, Task } from '../playbook/playbook.ts';
import { durationMs } from '../source/duration.ts';
import type { Files } from '../source/files.ts';
import type { Mistakes } from '../source/mistakes.ts';
import type { SourceText } from '../source/text.ts';
import type { Value, ValueMap } from '../source/value.ts';
import { cutBatches, readSerialEntry, type SerialEntry } from './batches.ts';
import { planId, sha256 } from './digest.ts';
import { implicitVars } from './implicit.ts';
import { orderHosts } from './order.ts';
import type { BlockPart, Input, Plan, PlannedInventory, PlannedPlay, PlannedTask, Section } from './plan.ts';
import { referTo, type Secrets, withoutSecrets } from './secrets.ts';
import { isSelected } from './tags.ts';

/** All that a plan is made from. */
export interface Ingredients {
  readonly playbook: Playbook;
  readonly inventory: Inventory;
  readonly extraVars: ValueMap;
  readonly limit?: string;
  readonly forks: number;
  /** Waits after the first batch of each play until a person says to go on. */
  readonly pauseAfterFirst?: boolean;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  /** When hosts may be begun: ISO 8601, UTC. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** For `order: shuffle`. */
  readonly seed: number;
  /** For `order: ledger`: by host, when what was renewed on it ends, in milliseconds since 1970. */
  readonly ends: ReadonlyMap<string, number>;
  readonly files: Files;
  readonly expressions: Expressions;
}

/** A plan, and the secrets that it only refers to; undefined after adding every mistake. */
export function makePlan(
  from: Ingredients,
  inputs: readonly Input[],
  mistakes: Mistakes,
): { readonly plan: Plan; readonly secrets: Secrets } | undefined {
  const before = mistakes.all.length;
  const secrets = new Map<string, Value>();
  const read: SourceText[] = [];
  const limits: SourceText[] = [];
  const plays = from.playbook.plays.map((play) => planPlay(play, from, secrets, { vars: read, limits }, mistakes));
  if (mistakes.all.length === before && plays.every((play) => play.batches.length === 0)) {
    mistakes.add(
      'no-hosts',
      from.limit === undefined
        ? 'no play has a host to run on'
        : `--limit "${from.limit}" leaves no play a host to run on`,
    );
  }
  if (mistakes.all.length > before) return undefined;
  const body = {
    version: 1 as const,
    playbook: from.playbook.file,
    inputs: distinct([...inputs, ...inputsOf('variables', read), ...inputsOf('limit', limits)]),
    options: {
      ...(from.limit === undefined ? {} : { limit: from.limit }),
      forks: from.forks,
      tags: asSet(from.tags),
      skipTags: asSet(from.skipTags),
      ...(from.notBefore === undefined ? {} : { notBefore: from.notBefore }),
      ...(from.notAfter === undefined ? {} : { notAfter: from.notAfter }),
      extraVars: withoutSecrets(from.extraVars, 'extra variable', secrets),
    },
    ...(from.playbook.plays.some(({ order }) => order === 'shuffle') ? { seed: from.seed } : {}),
    inventory: planInventory(from.inventory, plays, secrets),
    plays,
  };
  return { plan: { ...body, id: planId(body) }, secrets };
}

/** The order in which tags are given means nothing: the plan must not differ by it. */
function asSet(tags: readonly string[]): readonly string[] {
  return [...new Set(tags)].sort();
}

/** The same plan, with further files that it rests on. */
export function restingOn(plan: Plan, further: readonly Input[]): Plan {
  if (further.length === 0) return plan;
  const body = { ...plan, inputs: [...plan.inputs, ...further] };
  return { ...body, id: planId(body) };
}

export function inputsOf(role: Input['role'], texts: readonly SourceText[]): readonly Input[] {
  return texts.map(({ file, text }) => ({ path: file, role, sha256: sha256(text) }));
}

/** A file that is named several times, by plays or by options, is one input. */
function distinct(inputs: readonly Input[]): readonly Input[] {
  return [...new Map(inputs.map((input) => [`${input.role} ${input.path}`, input])).values()];
}

function planInventory(
  inventory: Inventory,
  plays: readonly PlannedPlay[],
  secrets: Map<string, Value>,
): PlannedInventory {
  const implicit = plays
    .flatMap((play) => play.batches.flatMap(({ hosts }) => hosts))
    .filter((host) => !inventory.hosts.has(host));
  const hosts = [...inventory.hosts.values()].map(
    ({ name, vars, groups }) => [name, { vars: withoutSecrets(vars, `host ${name}`, secrets), groups }] as const,
  );
  return {
    hosts: Object.fromEntries([
      ...hosts,
      ...implicit.map((name) => [name, { vars: implicitVars(name), groups: [] }] as const),
    ]),
    groups: Object.fromEntries([...inventory.groups.values()].map(({ name, allHosts }) => [name, allHosts])),
  };
}

function planPlay(
  play: Play,
  from: Ingredients,
  secrets: Map<string, Value>,
  read: { readonly vars: SourceText[]; readonly limits: SourceText[] },
  mistakes: Mistakes,
): PlannedPlay {
  const vars = { ...play.vars, ...varsFromFiles(play, from, read.vars, mistakes) };
  const settle = new Settling(play, vars, from, mistakes);
  const pattern = settle.text(play.hosts, 'hosts');
  const named = pattern === undefined ? [] : hostsOf(play, pattern, from, read.limits, mistakes);
  const hosts = orderHosts(named, play.order, from.seed, from.ends);
  const serial = play.serial.flatMap((entry) => settle.serial(entry));
  const maxFailPercentage = settle.percentage(play.maxFailPercentage, 'max_fail_percentage');
  const maxFailures = settle.countOrShare(play.maxFailures, hosts.length, 'max_failures');
  const maxLost = settle.count(play.maxLost, 'max_lost', 0);
  const estimateMs = settle.duration(play.estimate, 'estimate');
  return {
    name: play.name,
    number: play.number,
    pattern: pattern ?? play.hosts,
    batches: cutBatches(hosts, serial),
    ...(play.order === 'inventory' ? {} : { hostsAsNamed: named }),
    strategy: play.strategy,
    forks: settle.count(play.forks, 'forks', 1) ?? from.forks,
    ...(play.order === 'ledger' ? { withoutEnd: hosts.filter((host) => !from.ends.has(host)) } : {}),
    ...(estimateMs === undefined ? {} : { estimateMs }),
    ...(maxFailPercentage === undefined ? {} : { maxFailPercentage }),
    ...(maxFailures === undefined ? {} : { maxFailures }),
    ...(maxLost === undefined ? {} : { maxLost }),
    ...pauseOf(play, from),
    vars: withoutSecrets(vars, `play ${play.number}`, secrets),
    tasks: planTasks(play, from, secrets),
  };
}

function pauseOf(play: Play, from: Ingredients): Pick<PlannedPlay, 'pauseAfter'> {
  if (play.pauseAfter !== undefined) return { pauseAfter: play.pauseAfter };
  return from.pauseAfterFirst === true ? { pauseAfter: 'first_batch' } : {};
}

function varsFromFiles(play: Play, from: Ingredients, read: SourceText[], mistakes: Mistakes): ValueMap {
  const merged: Record<string, Value> = {};
  for (const { path, place } of play.varsFiles) {
    const rendered = from.expressions.text(path, scopeOf({ ...play.vars, ...from.extraVars }));
    if (!rendered.ok) mistakes.add('vars-file-name', `vars_files: ${rendered.reason}`, place);
    else
      Object.assign(
        merged,
        readVarsFile(rendered.value, from.files, mistakes, { askedBy: place, besides: from.playbook.file, read }),
      );
  }
  return merged;
}

function hostsOf(
  play: Play,
  pattern: string,
  from: Ingredients,
  read: SourceText[],
  mistakes: Mistakes,
): readonly string[] {
  const { hosts, problems } = selectHosts(pattern, from.inventory);
  for (const problem of problems) mistakes.add(problem.code, `hosts: ${problem.message}`, play.place);
  if (problems.length === 0 && hosts.length === 0)
    mistakes.add('no-hosts', `hosts: "${pattern}" names no host of the inventory`, play.place);
  return from.limit === undefined ? hosts : limitHosts(from.limit, hosts, from.inventory, from.files, mistakes, read);
}

/** Works out what a play leaves to templates, and must be known before anything runs: from its own and extra variables. */
class Settling {
  readonly #play: Play;
  readonly #vars: ValueMap;
  readonly #from: Ingredients;
  readonly #mistakes: Mistakes;

  constructor(play: Play, vars: ValueMap, from: Ingredients, mistakes: Mistakes) {
    this.#play = play;
    this.#vars = { ...vars, ...from.extraVars };
    this.#from = from;
    this.#mistakes = mistakes;
  }

  text(written: string | number, keyword: string): string | undefined {
    if (typeof written === 'number') return String(written);
    const rendered = this.#from.expressions.text(written, scopeOf(this.#vars));
    if (rendered.ok) return rendered.value;
    this.#refuse(keyword, `${rendered.reason} (known here: variables of the play and -e)`);
    return undefined;
  }

  serial(written: string | number): readonly SerialEntry[] {
    const text = this.text(written, 'serial');
    if (text === undefined) return [];
    const entry = readSerialEntry(typeof written === 'number' ? written : text);
    if (entry !== undefined) return [entry];
    this.#refuse('serial', `"${text}" is neither a number of hosts nor a whole percentage such as "20%"`);
    return [];
  }

  count(written: string | number | undefined, keyword: string, least: number): number | undefined {
    const text = written === undefined ? undefined : this.text(written, keyword);
    if (text === undefined) return undefined;
    if (/^\d+$/.test(text) && Number(text) >= least) return Number(text);
    this.#refuse(keyword, `"${text}" is not a whole number from ${least}`);
    return undefined;
  }

  percentage(written: string | number | undefined, keyword: string): number | undefined {
    const text = written === undefined ? undefined : this.text(written, keyword);
    if (text === undefined) return undefined;
    const found = /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(text);
    if (found !== null) return Number(found[1]);
    this.#refuse(keyword, `"${text}" is not a percentage`);
    return undefined;
  }

  /** A number of hosts, or a share of them, truncated as batches are. */
  countOrShare(written: string | number | undefined, hosts: number, keyword: string): number | undefined {
    const text = written === undefined ? undefined : this.text(written, keyword);
    if (text === undefined) return undefined;
    const found = /^\s*(\d+)\s*(%?)\s*$/.exec(text);
    if (found !== null) return found[2] === '%' ? Math.trunc((Number(found[1]) / 100) * hosts) : Number(found[1]);
    this.#refuse(keyword, `"${text}" is neither a number of hosts nor a whole percentage such as "5%"`);
    return undefined;
  }

  duration(written: string | undefined, keyword: string): number | undefined {
    const text = written === undefined ? undefined : this.text(written, keyword);
    const ms = text === undefined ? undefined : durationMs(text);
    if (text !== undefined && !(ms !== undefined && ms > 0))
      this.#refuse(keyword, `"${text}" is no duration, such as 9m or 1.5h`);
    return ms;
  }

  #refuse(keyword: string, why: string): void {
    this.#mistakes.add(`play-${keyword.replaceAll('_', '-')}`, `${keyword}: ${why}`, this.#play.place);
  }
}

function scopeOf(vars: ValueMap) {
  return (name: string) =>
    Object.hasOwn(vars, name) ? { kind: 'written' as const, value: vars[name] ?? null } : undefined;
}

function planTasks(play: Play, from: Ingredients, secrets: Map<string, Value>): readonly PlannedTask[] {
  const sections: readonly [Section, readonly Item[]][] = [
    ['pre_tasks', play.preTasks],
    ['tasks', play.tasks],
    ['post_tasks', play.postTasks],
  ];
  const walked = sections.flatMap(([section, items]) => items.flatMap((item) => flatten(item, section, [])));
  const selected = walked.filter(({ tags }) => isSelected(tags, from.tags, from.skipTags));
  // Handlers are never left out by tags: what was notified must run.
  const handlers = play.handlers.flatMap((handler) => flatten(handler, 'handlers', []));
  return [...selected, ...handlers].map((task) => withoutSecretsInTask(task, secrets));
}

function flatten(item: Item, section: Section, blocks: readonly BlockPart[]): readonly PlannedTask[] {
  return item.kind === 'task' ? [planTask(item, section, blocks)] : flattenBlock(item, section, blocks);
}

function flattenBlock(block: Block, section: Section, outer: readonly BlockPart[]): readonly PlannedTask[] {
  const part = (name: BlockPart['part'], items: readonly Item[]) => {
    const here: BlockPart = {
      id: block.id,
      name: block.name,
      part: name,
      ...(block.window === undefined ? {} : { window: block.window }),
    };
    return items.flatMap((item) => flatten(item, section, [...outer, here]));
  };
  return [
    ...part('block', block.block),
    ...part('rescue', block.rescue),
    ...part('always', block.always),
    ...part('must_finish', block.mustFinish),
  ];
}

function planTask(task: Task, section: Section, blocks: readonly BlockPart[]): PlannedTask {
  const { kind: _, place, ...rest } = task;
  return { ...rest, section, blocks, at: `${place.file}:${place.line}:${place.column}` };
}

function withoutSecretsInTask(task: PlannedTask, secrets: Map<string, Value>): PlannedTask {
  const where = `task ${task.id}`;
  const hidden = task.noLog !== false;
  return {
    ...task,
    params: hidden
      ? referTo(`${where}: parameters`, task.params, secrets)
      : withoutSecrets(task.params, where, secrets),
    vars: withoutSecrets(task.vars, where, secrets),
    environment: task.environment.map(
      (each, index) => withoutSecrets({ each }, `${where}: environment ${index + 1}`, secrets).each ?? null,
    ),
  };
}
