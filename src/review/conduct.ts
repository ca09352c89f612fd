import { findAction } from '../actions/registry.ts';
import type { PlannedTask } from '../plan/plan.ts';
import { list, paragraph, type Section } from './document.ts';
import type { Review } from './review.ts';
import { effectsOf } from './tasks.ts';

export function stoppingSection({ plan }: Review): Section {
  const hasWindows = plan.plays.some(({ tasks }) => tasks.some(({ blocks }) => blocks.some(({ window }) => window)));
  return {
    title: 'How to stop',
    blocks: list([
      'Ctrl-C once (or SIGTERM): nothing new is begun; steps that run, and windows that are open, come to their end.',
      'A second time: says what is still open, and for how long.',
      `A third time: lets go of what runs ${hasWindows ? 'outside a window; hosts inside a window are never let go of' : 'and ends its commands on the hosts'}.`,
    ]),
  };
}

export function resumingSection(): Section {
  return {
    title: 'How to go on',
    blocks: [
      paragraph(
        'rollgate resume goes on with this plan from where each host was. Finished steps are not repeated; a step that was begun and not finished is probed, and where nothing can tell whether it took, a person is asked.',
      ),
    ],
  };
}

export function undoingSection(review: Review): Section {
  const tasks = review.plan.plays.flatMap((play) => play.tasks);
  const changing = tasks.filter((task) => effectsOf(task, review) !== 'reads');
  return {
    title: 'What cannot be undone',
    blocks: [
      ...list([...new Set(changing.flatMap(noReturnOf))]),
      paragraph(
        changing.length === 0
          ? 'Nothing: no task changes anything.'
          : `rollgate undoes nothing by itself, but for what the playbook has in rescue, always and must_finish. These change their hosts: ${changing.map(({ name }) => `"${name}"`).join(', ')}.`,
      ),
    ],
  };
}

function noReturnOf({ name, action: used }: PlannedTask): readonly string[] {
  const action = findAction(used);
  return action?.kind === 'host' && action.noReturn !== undefined ? [`${name}: ${action.noReturn}`] : [];
}

/** Actions that are there to judge, whatever else a playbook has. */
const JUDGES: ReadonlySet<string> = new Set(['assert', 'wait_for', 'mesos_verify', 'mesos_preflight', 'mesos_cluster']);

export function judgingSection({ plan }: Review): Section {
  const tasks = plan.plays.flatMap((play) => play.tasks);
  const judging = tasks.filter(
    ({ action, failedWhen, until }) => JUDGES.has(action) || failedWhen !== undefined || until.length > 0,
  );
  return {
    title: 'How success is judged',
    blocks: [
      paragraph(
        'The run has succeeded when rollgate ends with exit code 0: every host has gone through every task. A change that the host can tell of is looked at again after it was made. 5: something that was to be kept was lost; 4: a host could not be reached; 2: a host failed; 3: hosts were refused, or not everything was done; 130: interrupted; 1: a fault of rollgate or its machine.',
      ),
      ...(judging.length === 0 ? [] : [paragraph('These judge the hosts:')]),
      ...list(judging.map(({ name, action }) => `${name} (${action})`)),
    ],
  };
}
