import type { RunEvent, Stamped, Status, StepAddress } from '../../src/journal/event.ts';
import { stamp } from '../../src/journal/stamp.ts';
import type { ValueMap } from '../../src/source/value.ts';
import { task } from '../engine/play.ts';

const BEGIN = Date.parse('2026-11-21T07:15:00.000Z');

/** Stamps events a second apart. */
export function stamped(...events: readonly RunEvent[]): readonly Stamped[] {
  return events.map((event, index) => stamp(event, new Date(BEGIN + index * 1000)));
}

export const RUN: RunEvent = {
  type: 'run_started',
  version: 1,
  run: '20261121T071500Z-7f3a',
  plan: 'sha256:00',
  playbook: 'site.yml',
  hosts: 3,
  rollgate: '0.1.0',
  operator: 'ada',
  bastion: 'bastion',
  folder: '/srv/change-1234',
  sources: { inventory: ['hosts'], variables: [] },
};

export const PLAY = { play: 'Upgrade', playNumber: 1 };
export const BATCH = { ...PLAY, batch: 1 };

export function at(host: string, taskId = '1.tasks.1', task = `task ${taskId}`): StepAddress {
  return { ...BATCH, host, task, taskId };
}

export function begun(step: StepAddress): RunEvent {
  return { type: 'step_started', ...step };
}

interface End {
  readonly ignored?: boolean;
  readonly rescued?: boolean;
  readonly noLog?: boolean;
  readonly ms?: number;
  readonly result?: ValueMap;
}

export function ended(step: StepAddress, status: Status, end: End = {}): RunEvent {
  const rest = { ignored: false, rescued: false, noLog: false, ms: 10, notified: [], result: {}, ...end };
  return { type: 'step_finished', ...step, status, ...rest };
}

/** A task as the plan holds it, as far as journal and reports look at it. */
export function planned(
  plays: readonly { readonly tasks: readonly string[]; readonly batches: readonly (readonly string[])[] }[],
) {
  return {
    plays: plays.map((play, index) => ({
      name: PLAY.play,
      number: index + 1,
      pattern: 'all',
      strategy: 'host_pinned' as const,
      forks: 10,
      vars: {},
      batches: play.batches.map((hosts, place) => ({ number: place + 1, hosts })),
      tasks: play.tasks.map((id) => task(id, { name: `task ${id}`, action: 'command', params: {} })),
    })),
  };
}
