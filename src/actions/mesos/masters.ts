import { Secret } from '../../shell/script.ts';
import type { Asked } from '../action.ts';

/** What the leading master counts. Counters are its own, from its start. */
export interface Figures {
  /** Its address, as it was asked. */
  readonly leader: string;
  /** Of Mesos, such as 1.0.3. */
  readonly version?: string;
  /** When it was started, in seconds of the bastion's clock. */
  readonly started: number;
  readonly active: number;
  readonly removals: number;
  readonly tasks_lost: number;
  readonly tasks_failed: number;
  readonly tasks_killed: number;
  readonly tasks_running: number;
}

/** `locked`: the masters want other credentials; the cluster may be as well as ever. `said`: what each answered. */
export type Seen =
  | { readonly kind: 'seen'; readonly figures: Figures }
  | { readonly kind: 'leaderless' | 'locked' | 'silent'; readonly said: string };

export interface Way {
  readonly masters: readonly string[];
  readonly token?: string | undefined;
  readonly ca?: Uint8Array;
}

/** For each question. */
const PATIENCE_MS = 5000;

const SNAPSHOT = '/metrics/snapshot';

/** What one master answers: its figures, or why it is not the leader to ask. */
type Answered =
  | { readonly kind: 'leader'; readonly figures: Figures }
  | { readonly kind: 'follower' | 'locked' | 'silent'; readonly said: string };

/** Asks the masters one after the other until the leader has answered; a follower is asked who leads. */
export async function askMasters(way: Way, host: Asked): Promise<Seen> {
  const answers: Exclude<Answered, { kind: 'leader' }>[] = [];
  let follower: string | undefined;
  for (const master of way.masters) {
    const answer = await askMaster(master, way, host);
    if (answer.kind === 'leader') return seenAt(answer.figures, way, host);
    if (answer.kind === 'follower') follower ??= master;
    answers.push(answer);
  }
  if (follower !== undefined) {
    const answer = await askLeaderOf(follower, way, host);
    if (answer.kind === 'leader') return seenAt(answer.figures, way, host);
    answers.push(answer);
  }
  return { kind: verdictOn(answers), said: answers.map(({ said }) => said).join('; ') };
}

/** With the leader's version, where it tells one: agents are upgraded after their masters. */
async function seenAt(figures: Figures, way: Way, host: Asked): Promise<Seen> {
  const answer = await getFrom(`${figures.leader}/version`, way, host);
  const told = answer.kind === 'answered' ? parsedJson(answer.body) : undefined;
  const version = typeof told === 'object' && told !== null && 'version' in told ? told.version : undefined;
  return { kind: 'seen', figures: typeof version === 'string' ? { ...figures, version } : figures };
}

function verdictOn(answers: readonly Answered[]): 'leaderless' | 'locked' | 'silent' {
  const kinds = new Set(answers.map(({ kind }) => kind));
  if (kinds.has('locked')) return 'locked';
  return kinds.has('follower') ? 'leaderless' : 'silent';
}

async function askLeaderOf(follower: string, way: Way, host: Asked): Promise<Answered> {
  const answer = await getFrom(`${follower}/master/redirect`, way, host);
  const to = answer.kind === 'answered' ? leadsTo(answer, follower) : undefined;
  if (to === undefined) return { kind: 'follower', said: `${follower} knows no leader` };
  return askMaster(to, way, host);
}

async function askMaster(master: string, way: Way, host: Asked): Promise<Answered> {
  const answer = await getFrom(`${master}${SNAPSHOT}`, way, host);
  if (answer.kind === 'silent') return { kind: 'silent', said: `${master}: ${answer.why}` };
  const { status, body } = answer;
  if (status === 401 || status === 403) return { kind: 'locked', said: `${master}: HTTP ${status}` };
  const to = leadsTo(answer, master);
  if (to !== undefined && to !== master) return { kind: 'follower', said: `${master}: sends to ${to}` };
  const metrics = status === 200 ? metricsIn(body) : undefined;
  if (metrics === undefined) return { kind: 'silent', said: `${master}: HTTP ${status}, and no metrics of a master` };
  if (metrics.elected !== 1) return { kind: 'follower', said: `${master}: not elected` };
  return { kind: 'leader', figures: figuresOf(master, metrics, host) };
}

/** As every page of the masters is asked for. */
export function getFrom(url: string, { token, ca }: Way, host: Asked) {
  return host.bastion.http({
    url,
    headers: token === undefined ? {} : { Authorization: new Secret(`token=${token}`) },
    ...(ca === undefined ? {} : { ca }),
    timeoutMs: PATIENCE_MS,
  });
}

/** Where a redirect leads, as a master's address. A token that went over TLS does not go on without it. */
function leadsTo(answer: { readonly status: number; readonly location?: string }, from: string): string | undefined {
  if (answer.status < 300 || answer.status > 399 || answer.location === undefined) return undefined;
  if (!URL.canParse(answer.location, from)) return undefined;
  const to = new URL(answer.location, from);
  if (from.startsWith('https:') && to.protocol !== 'https:') return undefined;
  const path = to.pathname.replace(/(\/metrics\/snapshot|\/master\/redirect)?\/*$/, '');
  return `${to.origin}${path}`;
}

const METRICS = [
  'elected',
  'uptime_secs',
  'slaves_active',
  'slave_removals',
  'tasks_lost',
  'tasks_failed',
  'tasks_killed',
  'tasks_running',
] as const;

type Metrics = Readonly<Record<(typeof METRICS)[number], number>>;

/** Undefined where one is missing: what is not counted must not be taken for none. */
function metricsIn(body: string): Metrics | undefined {
  const parsed = parsedJson(body);
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const values = new Map<string, unknown>(Object.entries(parsed));
  const found = METRICS.map((name) => [name, values.get(`master/${name}`)] as const);
  return found.every(([, value]) => typeof value === 'number') ? (Object.fromEntries(found) as Metrics) : undefined;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function figuresOf(leader: string, metrics: Metrics, host: Asked): Figures {
  return {
    leader,
    started: Math.round(host.clock.now().getTime() / 1000 - metrics.uptime_secs),
    active: metrics.slaves_active,
    removals: metrics.slave_removals,
    tasks_lost: metrics.tasks_lost,
    tasks_failed: metrics.tasks_failed,
    tasks_killed: metrics.tasks_killed,
    tasks_running: metrics.tasks_running,
  };
}

/** What a master means by HTTP 401 and 403. */
export function wantOtherCredentials(said: string, token: string | undefined): string {
  const give = token === undefined ? 'give `token`' : 'the token is not valid, or not any more';
  return `the masters do not accept the credentials (${said}): ${give}. Tokens of DC/OS last 5 days unless told otherwise; the cluster itself was not seen`;
}
