import { RUN } from '../../src/review/observed.ts';
import type { Saved } from '../../src/review/saved.ts';

/** An event as a run prints it. */
export interface Printed {
  readonly type: string;
  readonly host?: string;
  readonly task?: string;
  readonly taskId?: string;
  readonly purpose?: string;
  readonly command?: string;
  readonly run?: string;
  readonly operator?: string;
  readonly bastion?: string;
}

export interface Agreement {
  /** `HOST: TASK`: what was sent is what was approved, letter by letter. */
  readonly same: readonly string[];
  /** Otherwise than the plan has it, where the plan says that this cannot be known before. */
  readonly open: readonly string[];
  /** Otherwise than approved. */
  readonly against: readonly string[];
  /** What was sent for windows, by host. */
  readonly windows: ReadonlyMap<string, readonly string[]>;
}

/** A saved plan as it stands in its file. */
type InFile = Pick<Saved['plan'], 'plays'> & Pick<Saved, 'observed'>;

type Finding = NonNullable<Saved['observed']>['groups'][number]['findings'][number];

/** Holds what a run says that it sent against the commands that were shown when its plan was approved. */
export function agreement({ observed, plays }: InFile, events: readonly Printed[]): Agreement {
  const retried = new Set(plays.flatMap(({ tasks }) => tasks.flatMap(({ id, retries }) => (retries ? [id] : []))));
  const found = { same: [] as string[], open: [] as string[], against: [] as string[] };
  const windows = new Map<string, readonly string[]>();
  const started = events.find(({ type }) => type === 'run_started');
  const runs = `${started?.run} of ${started?.operator} on ${started?.bastion}`;
  for (const { hosts, findings } of observed?.groups ?? []) {
    for (const host of hosts) {
      const sent = events
        .filter((event) => event.type === 'command_started' && event.purpose === 'work' && event.host === host)
        .map(({ taskId = '', task = '', command = '' }) => ({
          taskId,
          task,
          command: command.replaceAll(runs, RUN),
        }))
        // Kept on this machine: nothing is sent.
        .filter(({ command }) => !command.startsWith('keeping '));
      const ofWindows = sent.filter(({ task }) => task.startsWith('window '));
      windows.set(
        host,
        ofWindows.map(({ command }) => command),
      );
      const ofTasks = sent.filter(({ task }) => !task.startsWith('window '));
      const taken = events.filter((event) => event.type === 'step_finished' && event.host === host);
      const steps = findings.filter(({ taskId }) => taken.some((event) => event.taskId === taskId));
      for (const step of steps) judge(step, host, ofTasks, found, retried.has(step.taskId));
      const order = [...new Set(ofTasks.map(({ taskId }) => taskId))];
      const planned = findings.map(({ taskId }) => taskId).filter((id) => order.includes(id));
      if (JSON.stringify(order) !== JSON.stringify(planned))
        found.against.push(`${host}: in the order ${order}, and planned as ${planned}`);
    }
  }
  return { ...found, windows };
}

function judge(
  { task, taskId, outcome, commands, askedAgain }: Finding,
  host: string,
  sent: readonly { readonly taskId: string; readonly command: string }[],
  { same, open, against }: { readonly same: string[]; readonly open: string[]; readonly against: string[] },
  isRetried: boolean,
): void {
  const all = sent.filter((each) => each.taskId === taskId).map(({ command }) => command);
  // How often it takes is known to nobody; what is sent each time is.
  const isTheSameAgain = isRetried && all.every((command, index) => command === commands[index % commands.length]);
  const own = isTheSameAgain ? all.slice(0, commands.length) : all;
  const name = `${host}: ${task}`;
  if (JSON.stringify(own) === JSON.stringify(commands)) {
    if (own.length > 0) same.push(name);
  } else if (askedAgain || outcome === 'undecided') open.push(name);
  else against.push(`${name}: sent ${JSON.stringify(own)}, approved ${JSON.stringify(commands)}`);
}
