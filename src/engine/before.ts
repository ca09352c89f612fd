import type { Expressions } from '../expressions/expressions.ts';
import type { Scope, Variable } from '../expressions/scope.ts';
import type { Plan, PlannedTask } from '../plan/plan.ts';
import { isList, isMap, type ValueMap } from '../source/value.ts';
import { Memory } from './memory.ts';
import { type Standpoint, Variables } from './variables.ts';

/** What can be known before the run, or why not. */
export type Settled<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string };

export type TaskAt = Standpoint & { readonly task: PlannedTask };

type Computed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** Computes with a plan's variables before anything has run, and is honest about those that the run itself will give. */
export class Before {
  readonly #plan: Plan;
  readonly #variables: Variables;
  readonly #learnt: ReadonlyMap<string, string>;
  /** Gathers the names that are asked for. */
  #asked: Set<string> | undefined;

  constructor(
    plan: Plan,
    readonly expressions: Expressions,
    playbookDir: string,
  ) {
    this.#plan = plan;
    this.#variables = new Variables(plan, new Memory(), { alive: (_, hosts) => hosts, check: false, playbookDir });
    this.#learnt = learntIn(plan);
  }

  /** What a computation comes to, unless it asks for a variable that only the run will settle. */
  settle<T>(at: Standpoint, compute: (scope: Scope) => Computed<T>): Settled<T> {
    const open: string[] = [];
    const result = compute(this.#watched(at, open));
    const [why] = open;
    if (why !== undefined) return { known: false, why };
    return result.ok ? { known: true, value: result.value } : { known: false, why: result.reason };
  }

  /** What the turns of a task's loop see: one turn that sees nothing more where it has none. */
  turns(at: TaskAt): Settled<readonly ValueMap[]> {
    const { loop } = at.task;
    if (loop === undefined) return { known: true, value: [{}] };
    const items = this.settle(at, (scope) => this.expressions.template(loop, scope));
    if (!items.known) return items;
    if (!isList(items.value)) return { known: false, why: 'the loop is not over a list' };
    return { known: true, value: items.value.map((item) => ({ item, ansible_loop_var: 'item' })) };
  }

  /** A look that is taken once for all hosts on which everything that it asks for is the same: most are alike. */
  sparing<T extends object>(look: (at: Standpoint) => T): (at: Standpoint) => T {
    const names = new Set<string>();
    const seen = new Map<string, T>();
    return (at) => {
      const known = seen.get(this.#valuesOf(names, at));
      if (known !== undefined) return known;
      const found = this.#gathering(names, () => look(at));
      // Only now are all names known: whoever has the same values would have been asked for the same names.
      seen.set(this.#valuesOf(names, at), found);
      return found;
    };
  }

  #gathering<T>(names: Set<string>, look: () => T): T {
    this.#asked = names;
    try {
      return look();
    } finally {
      this.#asked = undefined;
    }
  }

  #valuesOf(names: ReadonlySet<string>, at: Standpoint): string {
    const scope = this.#variables.scope(at);
    const shown = (found: Variable | undefined) =>
      // Other hosts' variables are looked at as this one sees them.
      found?.kind === 'lazy-map' ? at.host : [found?.kind, found?.value];
    return JSON.stringify([...names].map((name) => shown(scope(name))));
  }

  #watched(at: Standpoint, open: string[]): Scope {
    const scope = this.#variables.scope(at);
    const note = (name: string) => {
      const why = this.#learnt.get(name) ?? this.#learnt.get(ANY);
      if (why !== undefined) open.push(`"${name}" ${why}`);
    };
    const isSettled = (name: string) =>
      Object.hasOwn(at.local ?? {}, name) || Object.hasOwn(this.#plan.options.extraVars, name);
    // No names for suggestions: a plan of 600 hosts asks often for what is not there yet.
    return (name) => {
      this.#asked?.add(name);
      if (!isSettled(name)) note(name);
      return watching(scope(name), note);
    };
  }
}

/** Other hosts' variables (`hostvars`) are watched as the host's own. */
function watching(variable: Variable | undefined, note: (name: string) => void): Variable | undefined {
  if (variable?.kind !== 'lazy-map') return variable;
  return {
    ...variable,
    get: (key) => {
      note(key);
      return watching(variable.get(key), note);
    },
  };
}

/** Stands for every name: what a fact is called that `no_log` hides is not known. */
const ANY = '';

/** The names that tasks give values to, and magic ones that change as hosts fail. By name: how people are told. */
function learntIn(plan: Plan): ReadonlyMap<string, string> {
  const learnt = new Map(
    ['ansible_play_hosts', 'play_hosts', 'ansible_play_batch'].map((name) => [name, 'changes as hosts fail']),
  );
  for (const { register, action, params, name } of plan.plays.flatMap(({ tasks }) => tasks)) {
    if (register !== undefined) learnt.set(register, `comes from "${name}"`);
    if (action !== 'set_fact') continue;
    for (const key of isMap(params) ? Object.keys(params) : [ANY]) learnt.set(key, `may be set by "${name}"`);
  }
  return learnt;
}
