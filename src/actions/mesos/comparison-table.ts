import type { ValueMap } from '../../source/value.ts';
import type { Found } from './ask.ts';
import type { Comparison } from './comparison.ts';
import { type Executor, identityOf } from './facts.ts';
import { registeredForm } from './registered.ts';
import type { Before, Earlier } from './registered-capture.ts';

/** An executor, as it was and as it is. */
interface Row {
  readonly became: string;
  readonly earlier?: Earlier;
  readonly now?: Executor;
}

/** Before and after side by side, for the host's log. */
export function table(before: Before, after: Found, comparison: Comparison): readonly string[] {
  const figures = [
    ['', 'before', 'after'],
    ['agent id', before.agent.id ?? '?', after.agent.id ?? '?'],
    ['agent start', before.agent.instance, after.agent.instance],
    ['executors', String(before.executors.length), String(after.executors.length)],
    ['processes mesos-exec|mesos-doc', String(before.counts?.processes_by_name ?? '?'), after.text.count || '?'],
  ];
  const executors = rows(before, comparison).map(({ became, earlier, now }) => {
    const { id = '', pid = 0 } = earlier ?? now ?? {};
    const names = (earlier?.tasks ?? now?.tasks ?? []).map(({ name }) => `"${name}"`).join(', ');
    return [became, `"${id}"`, String(pid), names, links(earlier), links(now)];
  });
  return [...aligned(figures), ...aligned([['became', 'executor', 'pid', 'tasks', 'before', 'after'], ...executors])];
}

/** The same for scripts. */
export function asJson(before: Before, comparison: Comparison): readonly ValueMap[] {
  return rows(before, comparison).map(
    ({ became, earlier, now }) =>
      registeredForm({
        became,
        id: (earlier ?? now)?.id,
        pid: (earlier ?? now)?.pid,
        start: (earlier ?? now)?.start,
        framework: earlier?.framework ?? now?.framework,
        before: earlier && { links: earlier.links, tasks: earlier.tasks },
        after: now && { links: now.links, tasks: now.tasks },
      }) as ValueMap,
  );
}

function rows(before: Before, comparison: Comparison): readonly Row[] {
  const earlier = new Map(before.executors.map((executor) => [identityOf(executor), executor]));
  const alive = (became: string, executors: readonly Executor[]) =>
    executors.map((now) => paired(became, earlier.get(identityOf(now)), now));
  const missing = (became: string, executors: readonly Earlier[]) =>
    executors.map((executor) => ({ became, earlier: executor }));
  return [
    ...missing('LOST', comparison.lost),
    ...alive('waiting', comparison.waiting),
    ...alive('unexpected', comparison.unexpected),
    ...alive('linked', comparison.relinked),
    ...missing('gone', comparison.gone),
    ...alive('new', comparison.fresh),
  ];
}

function paired(became: string, earlier: Earlier | undefined, now: Executor): Row {
  return earlier === undefined ? { became, now } : { became, earlier, now };
}

function links(executor: Earlier | Executor | undefined): string {
  if (executor === undefined) return '-';
  const named = executor.links.map(({ fd, inode }) => `fd ${fd ?? '?'} socket ${inode}`);
  return named.length === 0 ? executor.standing : named.join(' + ');
}

/** Columns as wide as their widest cell. */
export function aligned(lines: readonly (readonly string[])[]): readonly string[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
