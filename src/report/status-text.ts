import { foldHosts } from '../inventory/fold.ts';
import { actorText, orderText, saidBy } from '../journal/orders.ts';
import { cut, wrapped } from './columns.ts';
import { duration, elapsed, secondsLeft, timeOfDay } from './durations.ts';
import type { Paint } from './paint.ts';
import { printableLine } from './printable.ts';
import { grouped } from './recap.ts';
import type { BatchStatus, HostState, HostStatus, OpenWindowStatus, PlayStatus, RunStatus } from './status.ts';

/** More of a kind are counted; `--format json` has all of them. */
const MOST_LINES = 10;

type Line = string | { readonly text: string; readonly paint: (text: string) => string };

/** Where a run stands, the urgent first: who is inside a window, what was lost, what fails, what to type; then the tree. */
export function statusLines(status: RunStatus, columns: number, paint: Paint): readonly string[] {
  const urgent: readonly Line[] = [
    ...headLines(status, paint),
    ...section('Inside a window', status.windows.map(windowLine), paint.urgent),
    ...section('Lost', lostLines(status), paint.bad),
    ...section('Failing', failureLines(status), paint.bad),
    ...section('Refused', refusalLines(status), paint.bad),
    ...section('Begun, and nobody knows whether it took', unknownLines(status), paint.bad),
    ...section(
      'Stopped',
      status.stops.map((reason) => `  ${reason}`),
      paint.strong,
    ),
    ...section('Said by hand', orderLines(status), paint.strong),
  ];
  const next = section(
    'Type next',
    status.next.map((command) => `  ${command}`),
    paint.good,
  );
  return [
    ...urgent.flatMap((line) => shown(line, (text) => wrapped(text, columns))),
    // What is to be typed is neither cut nor broken.
    ...next.flatMap((line) => shown(line, (text) => [text])),
    ...status.plays
      .flatMap((play) => ['', ...playLines(play, paint)])
      .flatMap((line) => shown(line, (text) => [cut(text, columns)])),
  ];
}

function shown(line: Line, fitted: (text: string) => readonly string[]): readonly string[] {
  if (typeof line === 'string') return fitted(printableLine(line));
  return fitted(printableLine(line.text)).map(line.paint);
}

function headLines(status: RunStatus, paint: Paint): readonly Line[] {
  const { run, playbook, state, ms, leftMs, process, finished, paused } = status;
  const left = leftMs === undefined || state !== 'running' ? '' : `, about ${duration(leftMs)} of work left`;
  const how = state === 'broken_off' ? 'broken off: nobody runs it' : state;
  return [
    { text: `Run ${run}  ${playbook}`, paint: paint.strong },
    {
      text: `  ${how} after ${duration(ms)}${left}`,
      paint: state === 'complete' ? paint.good : state === 'running' ? paint.strong : paint.bad,
    },
    ...(finished === undefined ? [] : [`  ${finished.reason} (exit code ${finished.exitCode})`]),
    ...(process === undefined
      ? []
      : [`  run by ${process.user} (pid ${process.pid}) since ${timeOfDay(process.since)}`]),
    ...(paused === undefined
      ? []
      : [
          {
            text: `  ${paused.aborted ? 'ABORTED' : 'PAUSED'} since ${timeOfDay(paused.at)} by ${paused.by === undefined ? 'the plan' : actorText(paused.by)}: ${paused.reason}`,
            paint: paint.urgent,
          },
        ]),
  ];
}

function section(title: string, lines: readonly string[], colour: (text: string) => string): readonly Line[] {
  return lines.length === 0 ? [] : ['', { text: `${title}:`, paint: colour }, ...lines];
}

function windowLine({ host, window, ms, leftMs, task }: OpenWindowStatus): string {
  const left = leftMs === undefined ? 'no deadline' : secondsLeft(leftMs);
  return `  ${host}  ${left}  in "${window}" for ${elapsed(ms)}${task === undefined ? '' : `, at "${task}"`}`;
}

function lostLines({ lost }: RunStatus): readonly string[] {
  const lines = lost.slice(0, MOST_LINES).map(({ host, what }) => `  ${what} on ${host}`);
  return [...lines, ...more(lost.length)];
}

function failureLines({ failures }: RunStatus): readonly string[] {
  const groups = grouped(failures, ({ task, reason, status }) => JSON.stringify([task, reason, status]));
  const lines = groups
    .slice(0, MOST_LINES)
    .flatMap(({ hosts, count, first }) => [
      `  ${hosts} (${count} ${first.status}) at "${first.task}"`,
      `      ${first.reason}`,
    ]);
  return [...lines, ...more(groups.length)];
}

function refusalLines({ refusals }: RunStatus): readonly string[] {
  const groups = grouped(refusals, ({ reason }) => reason);
  const lines = groups
    .slice(0, MOST_LINES)
    .flatMap(({ hosts, count, first }) => [`  ${hosts} (${count})`, `      ${first.reason}`]);
  return [...lines, ...more(groups.length)];
}

function unknownLines({ unknown }: RunStatus): readonly string[] {
  const groups = grouped(unknown, ({ task }) => task);
  return groups.map(({ hosts, first }) => `  ${hosts}: "${first.task}", since ${timeOfDay(first.since)}`);
}

function orderLines({ orders }: RunStatus): readonly string[] {
  const latest = orders.slice(-MOST_LINES);
  const hidden = orders.length - latest.length;
  return [
    ...(hidden === 0 ? [] : [`  … ${hidden} earlier`]),
    ...latest.map((order) => `  ${timeOfDay(order.at)} ${orderText(order)} ${saidBy(order)}`),
  ];
}

function more(count: number): readonly string[] {
  return count <= MOST_LINES ? [] : [`  … and ${count - MOST_LINES} more: --format json has all of them`];
}

function playLines({ number, name, state, hosts, through, batches }: PlayStatus, paint: Paint): readonly Line[] {
  const open = batches.filter((batch) => batch.state !== 'pending' && batch.state !== 'complete');
  const complete = batches.filter((batch) => batch.state === 'complete');
  const pending = batches.filter((batch) => batch.state === 'pending');
  return [
    {
      text: `Play ${number} "${name}"  ${state}  ${through} of ${hosts} ${hosts === 1 ? 'host' : 'hosts'} through`,
      paint: paint.strong,
    },
    ...manyBatches('complete', complete, paint.good),
    ...open.flatMap((batch) => batchLines(batch, batches.length, paint)),
    ...manyBatches('pending', pending, paint.faint),
  ];
}

/** Batches of which there is no more to say than that. */
function manyBatches(
  state: string,
  batches: readonly BatchStatus[],
  colour: (text: string) => string,
): readonly Line[] {
  if (batches.length === 0) return [];
  const hosts = batches.flatMap((batch) => Object.values(batch.hosts).flat());
  const numbers = foldHosts(batches.map(({ number }) => String(number))).replace(/^\[|\]$/g, '');
  return [{ text: `  batch ${numbers}  ${state}  ${hosts.length}  ${foldHosts(hosts)}`, paint: colour }];
}

const ORDER: readonly (readonly [HostState, string, keyof Paint])[] = [
  ['in_window', 'in window', 'urgent'],
  ['running', 'running', 'strong'],
  ['failed', 'failed', 'bad'],
  ['unreachable', 'unreachable', 'bad'],
  ['refused', 'refused', 'bad'],
  ['waiting', 'waiting', 'changed'],
  ['not_started', 'not started', 'faint'],
  ['through', 'through', 'good'],
];

function batchLines(batch: BatchStatus, of: number, paint: Paint): readonly Line[] {
  const time = batch.ms === undefined ? '' : `  ${duration(batch.ms)}`;
  return [
    `  batch ${batch.number} of ${of}  ${batch.state}${time}`,
    ...ORDER.flatMap(([state, words, colour]): readonly Line[] => {
      const hosts = batch.hosts[state] ?? [];
      if (hosts.length === 0) return [];
      const text = `    ${words.padEnd(11)} ${String(hosts.length).padStart(4)}  ${foldHosts(hosts)}`;
      const alike = grouped(
        batch.unfinished.filter((host) => host.state === state),
        whereOf,
      );
      // Those of one place stand on the line above already.
      const name = (group: { readonly hosts: string; readonly count: number }) =>
        group.count === hosts.length ? '' : `${group.hosts}  `;
      return [
        { text, paint: paint[colour] },
        ...alike.slice(0, MOST_LINES).map((group) => `      ${name(group)}${placeOf(group.first)}`),
        ...(alike.length > MOST_LINES ? [`      … and ${alike.length - MOST_LINES} more places`] : []),
      ];
    }),
  ];
}

/** How far a host has come: those that have come equally far stand on one line. */
function whereOf(host: HostStatus): string {
  const last = lastStep(host);
  return JSON.stringify([host.done, last?.taskId, last?.status]);
}

function placeOf(host: HostStatus): string {
  const { done, of } = host;
  const last = lastStep(host);
  if (last === undefined) return `${done}/${of}`;
  const how = last.status === 'started' ? `for ${elapsed(last.ms)} at` : `${last.status}:`;
  return `${done}/${of}  ${how} "${last.task}" (${last.taskId})`;
}

function lastStep({ steps }: HostStatus): HostStatus['steps'][number] | undefined {
  return steps.findLast(({ status }) => status === 'started') ?? steps.at(-1);
}
