import type { Value, ValueMap } from '../source/value.ts';
import type { StepFinished } from './history.ts';

/** What each host has registered and set, over all plays. Values that hosts handed over: never rendered as templates. */
export class Memory {
  readonly #hosts = new Map<string, Map<string, Value>>();

  /** The value of a registered variable or a fact. */
  get(host: string, name: string): Value | undefined {
    return this.#hosts.get(host)?.get(name);
  }

  all(host: string): ValueMap {
    return Object.fromEntries(this.#hosts.get(host) ?? []);
  }

  remember(host: string, name: string, value: Value): void {
    const known = this.#hosts.get(host) ?? new Map<string, Value>();
    known.set(name, value);
    this.#hosts.set(host, known);
  }

  /** For the tasks of a rescue, under Ansible's names. */
  rememberFailure(
    hosts: readonly string[],
    task: { readonly name: string; readonly action: string },
    result: ValueMap,
  ) {
    for (const host of hosts) {
      this.remember(host, 'ansible_failed_task', task);
      this.remember(host, 'ansible_failed_result', result);
    }
  }

  /** What a finished step leaves behind: its result under the registered name, and its facts. */
  learn(event: StepFinished, hosts: readonly string[], register: string | undefined, result: ValueMap): void {
    const facts = result.ansible_facts;
    for (const host of hosts) {
      if (register !== undefined) this.remember(host, register, result);
      if (event.status !== 'failed' && typeof facts === 'object' && facts !== null && !Array.isArray(facts)) {
        for (const [name, value] of Object.entries(facts)) this.remember(host, name, value);
      }
    }
  }
}
