import type { ExecutorSpec, HostSpec } from './simulated/host.ts';

/** 24 agents as a cluster has them: most in order, a few not. */
export function demoHosts(): readonly HostSpec[] {
  return Array.from({ length: 24 }, (_, index) => demoHost(index + 1));
}

function demoHost(number: number): HostSpec {
  const name = `agent${String(number).padStart(3, '0')}`;
  const common = {
    name,
    agent: number > 21 ? ('public' as const) : ('private' as const),
    executors: executorsOf(number),
  };
  if (number === 7) return { ...common, slowMs: 250 };
  return number === 13 ? { ...common, down: true } : common;
}

const TASKS: readonly ExecutorSpec[] = [
  { id: 'web.5fcd5a85', kind: 'docker' },
  { id: 'nightly report (all regions)', kind: 'command' },
  { id: 'it\'s "quoted"; $(id)', kind: 'docker' },
  { id: 'kafka-broker-2', kind: 'custom' },
  { id: 'edge.62bcf188', kind: 'http' },
];

function executorsOf(number: number): readonly ExecutorSpec[] {
  const some = TASKS.slice(0, 2 + (number % 4)).map((task) => ({ ...task, id: `${task.id} ${number}` }));
  return number === 19 ? [...some, { id: 'batch without checkpoint', checkpoint: false }] : some;
}
