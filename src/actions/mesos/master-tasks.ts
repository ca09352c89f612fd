import { isList, isMap, type Value, type ValueMap } from '../../source/value.ts';
import type { Asked } from '../action.ts';
import { askMasters, getFrom, type Way } from './masters.ts';
import { printable } from './sections.ts';

/** A task as the leading master knows it. */
export interface MasterTask {
  readonly id: string;
  readonly name: string;
  readonly framework: string;
  /** The host's name, where the master tells it, else the agent's id. */
  readonly agent: string;
  readonly state: string;
  /** When it was heard of first, by the clock of its host; undefined: not yet. */
  readonly sinceMs?: number;
}

export type ToldTasks =
  | { readonly kind: 'told'; readonly tasks: readonly MasterTask[] }
  | { readonly kind: 'locked' | 'silent'; readonly said: string };

type Rows =
  | { readonly kind: 'rows'; readonly rows: readonly ValueMap[] }
  | { readonly kind: 'locked' | 'silent'; readonly said: string };

/** The tasks that began last, which the master lists first. All of a large cluster would be tens of megabytes. */
const NEWEST = 2000;

/** What the leader knows of the newest tasks, and on which hosts they are. */
export async function askTasks(way: Way, host: Asked): Promise<ToldTasks> {
  const seen = await askMasters(way, host);
  if (seen.kind !== 'seen') return { kind: seen.kind === 'locked' ? 'locked' : 'silent', said: seen.said };
  const { leader } = seen.figures;
  const tasks = await askRows(leader, `/tasks?limit=${NEWEST}&order=desc`, 'tasks', way, host);
  if (tasks.kind !== 'rows') return tasks;
  const agents = await askRows(leader, '/slaves', 'slaves', way, host);
  const names = new Map(
    agents.kind === 'rows' ? agents.rows.map(({ id, hostname }) => [text(id), text(hostname)]) : [],
  );
  return { kind: 'told', tasks: tasks.rows.map((row) => taskOf(row, names)) };
}

async function askRows(leader: string, path: string, name: string, way: Way, host: Asked): Promise<Rows> {
  const answer = await getFrom(`${leader}${path}`, way, host);
  const page = `${leader}${path.replace(/\?.*/, '')}`;
  if (answer.kind === 'silent') return { kind: 'silent', said: `${page}: ${answer.why}` };
  const { status, body } = answer;
  if (status === 401 || status === 403) return { kind: 'locked', said: `${page}: HTTP ${status}` };
  const rows = status === 200 ? rowsIn(body, name) : undefined;
  return rows === undefined
    ? { kind: 'silent', said: `${page}: HTTP ${status}, and no ${name} of a master` }
    : { kind: 'rows', rows };
}

function rowsIn(body: string, name: string): readonly ValueMap[] | undefined {
  try {
    const parsed: Value = JSON.parse(body);
    const rows = isMap(parsed) ? parsed[name] : undefined;
    return isList(rows) ? rows.filter(isMap) : undefined;
  } catch {
    return undefined;
  }
}

function taskOf(row: ValueMap, names: ReadonlyMap<string, string>): MasterTask {
  const statuses = isList(row.statuses) ? row.statuses.filter(isMap) : [];
  const heard = statuses.map(({ timestamp }) => timestamp).filter((at) => typeof at === 'number');
  const agent = text(row.slave_id);
  return {
    id: text(row.id),
    name: text(row.name),
    framework: text(row.framework_id),
    agent: names.get(agent) || agent,
    state: text(row.state),
    // A check of its health is told as a new status: the first one tells when it began.
    ...(heard.length === 0 ? {} : { sinceMs: Math.min(...heard) * 1000 }),
  };
}

/** As names stand in a capture. */
function text(value: Value | undefined): string {
  return typeof value === 'string' ? printable(Buffer.from(value)) : '';
}
