import { OMIT } from '../expressions/expressions.ts';
import type { Scope, Variable } from '../expressions/scope.ts';
import { implicitVars } from '../plan/implicit.ts';
import type { Plan, PlannedPlay, PlannedTask } from '../plan/plan.ts';
import type { Value, ValueMap } from '../source/value.ts';
import { asForeseen } from './dry-run.ts';
import type { Memory } from './memory.ts';
import type { Spot } from './spot.ts';

/** Where an expression is evaluated. */
export interface Standpoint extends Spot {
  readonly task?: PlannedTask;
  /** The loop's item, a result under judgement: over everything but magic variables. */
  readonly local?: ValueMap;
}

/** What the run itself knows. */
export interface Surroundings {
  /** Hosts of the play, and of the batch, that have not failed. */
  readonly alive: (play: PlannedPlay, hosts: readonly string[]) => readonly string[];
  readonly check: boolean;
  readonly playbookDir: string;
}

/** Variables by Ansible's precedence: magic, extra, local, registered and facts, task, play, host. */
export class Variables {
  readonly #plan: Plan;
  readonly #memory: Memory;
  readonly #around: Surroundings;

  constructor(plan: Plan, memory: Memory, around: Surroundings) {
    this.#plan = plan;
    this.#memory = memory;
    this.#around = around;
  }

  scope(at: Standpoint): Scope {
    const lookUp = (name: string) => this.#magic(name, at) ?? this.#ordinary(name, at);
    return Object.assign(lookUp, { names: () => this.#namesAt(at) });
  }

  /** For suggestions when a name is misspelt. */
  #namesAt(at: Standpoint): readonly string[] {
    const vars = [at.local, this.#plan.options.extraVars, at.task?.vars].flatMap((each) => Object.keys(each ?? {}));
    return [...vars, ...this.#namesOn(at), 'groups', 'hostvars', 'ansible_play_hosts', 'ansible_check_mode'];
  }

  #ordinary(name: string, at: Standpoint): Variable | undefined {
    const local = own(at.local, name);
    if (local !== undefined) return { kind: 'final', value: local };
    const extra = own(this.#plan.options.extraVars, name);
    if (extra !== undefined) return { kind: 'written', value: extra };
    const learnt = this.#memory.get(at.host, name);
    if (learnt !== undefined) return this.#around.check ? asForeseen(name, learnt) : { kind: 'final', value: learnt };
    // A variable that was set to nothing hides a weaker one of its name all the same.
    const nearest = [at.task?.vars, at.play.vars, this.#varsOf(at.host)].find((vars) => own(vars, name) !== undefined);
    const written = own(nearest, name);
    if (written !== undefined) return { kind: 'written', value: written };
    // As in Ansible: a host that is given no other address is reached by its name.
    return name === 'ansible_host' ? { kind: 'final', value: at.host } : undefined;
  }

  #magic(name: string, at: Standpoint): Variable | undefined {
    const value = this.#magicValue(name, at);
    if (value !== undefined) return { kind: 'final', value };
    return name === 'hostvars' ? this.#hostvars(at) : undefined;
  }

  #magicValue(name: string, at: Standpoint): Value | undefined {
    switch (name) {
      case 'inventory_hostname':
        return at.host;
      case 'inventory_hostname_short':
        return at.host.split('.')[0] ?? at.host;
      case 'group_names':
        return this.#plan.inventory.hosts[at.host]?.groups ?? [];
      case 'groups':
        return this.#plan.inventory.groups;
      case 'ansible_play_hosts':
        return this.#around.alive(at.play, hostsOf(at.play));
      case 'ansible_play_hosts_all':
        return hostsOf(at.play);
      case 'play_hosts':
      case 'ansible_play_batch':
        return this.#around.alive(at.play, at.batch.hosts);
      case 'ansible_play_name':
        return at.play.name;
      case 'ansible_check_mode':
        return this.#around.check;
      case 'playbook_dir':
        return this.#around.playbookDir;
      case 'omit':
        return OMIT;
      default:
        return undefined;
    }
  }

  /** Every host's variables, each seen from that host; only the ones that are asked for are put together. */
  #hostvars(at: Standpoint): Variable {
    return {
      kind: 'lazy-map',
      keys: Object.keys(this.#plan.inventory.hosts),
      get: (host) => {
        if (this.#plan.inventory.hosts[host] === undefined) return undefined;
        // As in Ansible: a play's own variables are nobody's host variables, and do not hide them.
        const from = { play: { ...at.play, vars: {} }, batch: at.batch, host };
        return { kind: 'lazy-map', keys: this.#namesOn(from), get: (name) => this.scope(from)(name) };
      },
    };
  }

  #namesOn(at: Standpoint): readonly string[] {
    return [
      ...new Set([
        ...Object.keys(this.#varsOf(at.host)),
        ...Object.keys(at.play.vars),
        ...Object.keys(this.#memory.all(at.host)),
        'inventory_hostname',
        'group_names',
      ]),
    ];
  }

  #varsOf(host: string): ValueMap {
    return this.#plan.inventory.hosts[host]?.vars ?? implicitVars(host);
  }
}

function own(vars: ValueMap | undefined, name: string): Value | undefined {
  return vars !== undefined && Object.hasOwn(vars, name) ? vars[name] : undefined;
}

/** In the order of the pattern, whatever `order` says: what is first among them is first in Ansible, too. */
function hostsOf({ hostsAsNamed, batches }: PlannedPlay): readonly string[] {
  return hostsAsNamed ?? batches.flatMap((batch) => batch.hosts);
}
