import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/journal/exit-code.ts';
import { replay } from '../../src/journal/progress.ts';
import { stamp } from '../../src/journal/stamp.ts';
import { isMap, type Value } from '../../src/source/value.ts';
import { DEVIATIONS } from './ansible/deviations.ts';
import { type Answers, planOf, type Ran, run } from './harness.ts';

/** What ansible-core 2.14.18 did with a playbook: see ansible/record.py. */
interface Case {
  readonly name: string;
  readonly exit: number;
  /** By `play host`: `task: status`, in their order. */
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  /** By `host task`: what a debug task printed. */
  readonly registered?: Readonly<Record<string, Value>>;
  readonly playbook: string;
}

const CASES = JSON.parse(readFileSync(new URL('./ansible/cases.json', import.meta.url), 'utf8')) as readonly Case[];
const HOSTS = [1, 2, 3, 4, 5].map((n) => `h${n} ansible_connection=local own=h${n}v\n`).join('');
const INVENTORY = `${HOSTS}[odd]\nh1\nh3\nh5\n[even]\nh2\nh4\n`;

/** Commands are `exit N`, perhaps after `echo WORDS;`; hosts reached by SSH cannot be reached. */
const answers: Answers = (host, command) => {
  // What `creates` asks; of the two paths there is one.
  if (command.includes('done='))
    return { stdout: command.includes('/nonexistent') ? 'done=nothing\n' : 'done=creates\n' };
  if (host !== 'local') return { unreachable: 'connection refused' };
  const words = /^echo ([^;]*)/.exec(command)?.[1];
  const code = Number(/exit (\d+)/.exec(command)?.[1] ?? 0);
  return { code, ...(words === undefined ? {} : { stdout: `${words}\n` }) };
};

function came({ events }: Ran): Record<string, readonly string[]> {
  const hosts: Record<string, string[]> = {};
  for (const event of events) {
    // Ansible tells nothing about `meta`.
    if (event.type !== 'step_finished' || event.task === 'meta') continue;
    const key = `${event.playNumber} ${event.host}`;
    const status = event.status === 'failed' && event.ignored ? 'failed, ignored' : event.status;
    hosts[key] = [...(hosts[key] ?? []), `${event.task}: ${status}`];
  }
  return hosts;
}

function printed({ events }: Ran): Record<string, unknown> {
  return Object.fromEntries(
    events.flatMap((event) =>
      event.type === 'step_finished' && isMap(event.result.msg ?? null)
        ? [[`${event.host} ${event.task}`, comparable(event.result.msg ?? null)]]
        : [],
    ),
  );
}

/** Times differ, and so do the words of some messages; of lists and mappings all the rest is compared. */
const DIFFERS = new Set(['start', 'end', 'delta', 'ansible_facts', 'invocation', 'warnings']);

function comparable(value: Value): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  // A template that comes to a number is a number here, and a text in Ansible without native types.
  if (typeof value === 'number') return String(value);
  if (!isMap(value)) return value;
  // `failed: false` is always there, in Ansible only where something ran.
  const isQuiet = value.skipped === true || value.results !== undefined;
  const kept = Object.entries(value).filter(
    ([key, member]) => !DIFFERS.has(key) && !(isQuiet && key === 'failed' && member === false),
  );
  return Object.fromEntries(kept.map(([key, member]) => [key, comparable(member)]));
}

function exitOf({ events }: Ran, playbook: string): number {
  const { plan } = planOf({ playbook, inventory: INVENTORY });
  const at = new Date(0);
  return exitCodeOf(replay(events.map((event) => stamp(event, at))), plan, { interrupted: false, fault: false })
    .exitCode;
}

describe('what Ansible does with a playbook, rollgate does', () => {
  it.each(CASES.map((each) => [each.name, each] as const))(
    '%s',
    async (name, { playbook, exit, hosts, registered }) => {
      const dryRun = name.startsWith('check mode, ') ? { dryRun: 'check' as const } : {};
      const ran = await run({ playbook, inventory: INVENTORY, answers, forks: 5, ...dryRun });
      const deviation = DEVIATIONS[name];
      expect(came(ran)).toEqual({ ...hosts, ...deviation?.hosts });
      expect(exitOf(ran, playbook)).toBe(deviation?.exit ?? exit);
      const expected = Object.fromEntries(
        Object.entries(registered ?? {}).map(([key, value]) => [key, comparable(value)]),
      );
      expect(printed(ran)).toEqual({ ...expected, ...deviation?.registered });
    },
  );
});
