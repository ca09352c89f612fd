import type { BlockPart, PlannedPlay, PlannedTask, Section } from '../../src/plan/plan.ts';

/** A planned task with everything at its default. */
export function task(id: string, more: Partial<PlannedTask> = {}): PlannedTask {
  return {
    id,
    name: id,
    section: 'tasks' as Section,
    blocks: [],
    at: `site.yml:1:1`,
    action: 'debug',
    params: { msg: id },
    when: [],
    until: [],
    delay: 5,
    ignoreErrors: false,
    ignoreUnreachable: false,
    anyErrorsFatal: false,
    runOnce: false,
    notify: [],
    listen: [],
    tags: [],
    timeout: 1800,
    noLog: false,
    environment: [],
    vars: {},
    become: false,
    ...more,
  };
}

/** A block's part, for `blocks`. */
export function part(id: string, name: BlockPart['part'], window?: string): BlockPart {
  return { id, name: id, part: name, ...(window === undefined ? {} : { window: { name: window } }) };
}

export function play(tasks: readonly PlannedTask[], more: Partial<PlannedPlay> = {}): PlannedPlay {
  return {
    name: 'a play',
    number: 1,
    pattern: 'all',
    batches: [{ number: 1, hosts: ['h'] }],
    strategy: 'linear',
    forks: 10,
    vars: {},
    tasks,
    ...more,
  };
}
