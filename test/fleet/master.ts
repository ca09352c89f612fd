import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fields, record } from './record.ts';

/** A Mesos master as far as an agent and an operator see it: it counts, it pings, and it gives up on who does not answer. */
export interface Master {
  readonly port: number;
  /** What `/metrics/snapshot` says. */
  metrics(): Readonly<Record<string, number>>;
  /** Agents that it counts as there, and the states of the tasks that it ever knew, by task id. */
  agents(): readonly string[];
  tasks(): ReadonlyMap<string, string>;
  /** From now on it wants credentials that nobody has. */
  lock(): void;
  stop(): Promise<void>;
}

export interface MasterOptions {
  /** Mesos 1.0.3: 15 s, and 5 in a row. */
  readonly pingMs?: number;
  readonly maxMissedPings?: number;
}

interface Task {
  readonly id: string;
  readonly name: string;
  readonly framework: string;
  readonly agent: string;
  state: string;
  /** Each state once, with the time at which it was told, in seconds. */
  readonly statuses: { readonly state: string; readonly timestamp: number }[];
}

interface Agent {
  readonly id: string;
  readonly ip: string;
  readonly tasks: Map<string, Task>;
  socket: Socket | undefined;
  missed: number;
  answered: boolean;
  pinging: NodeJS.Timeout | undefined;
}

interface Message {
  readonly path: string;
  readonly from: string;
  readonly body: string;
}

const OVER = ['TASK_LOST', 'TASK_FAILED', 'TASK_KILLED', 'TASK_FINISHED'];
const CLUSTER = '135baa25-1f1a-447f-b232-d34d5ab37e8f';

export async function startMaster({ pingMs = 15_000, maxMissedPings = 5 }: MasterOptions = {}): Promise<Master> {
  const startedMs = Date.now();
  const agents = new Map<string, Agent>();
  const ended: Task[] = [];
  const sockets = new Set<Socket>();
  const count = { registrations: 0, reregistrations: 0, removals: 0 };
  let locked = false;

  const send = (agent: Agent, name: string, body = ''): void => {
    agent.socket ??= connect(5051, agent.ip)
      .on('error', () => {})
      .on('close', () => (agent.socket = undefined))
      .resume();
    agent.socket.write(
      `POST /slave(1)/mesos.internal.${name} HTTP/1.1\r\nLibprocess-From: master\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  };

  const end = (agent: Agent, key: string, state: string): void => {
    const task = agent.tasks.get(key);
    if (task === undefined) return;
    agent.tasks.delete(key);
    hear(task, state);
    ended.push(task);
  };

  const remove = (agent: Agent): void => {
    clearInterval(agent.pinging);
    agents.delete(agent.id);
    count.removals++;
    for (const key of [...agent.tasks.keys()]) end(agent, key, 'TASK_LOST');
  };

  const ping = (agent: Agent): void => {
    agent.missed = agent.answered ? 0 : agent.missed + 1;
    if (agent.missed >= maxMissedPings) {
      remove(agent);
      send(agent, 'ShutdownMessage', record({ reason: 'health check timed out' }));
      return;
    }
    agent.answered = false;
    send(agent, 'PingSlaveMessage');
  };

  const admit = (id: string, ip: string): Agent => {
    const agent: Agent = { id, ip, tasks: new Map(), socket: undefined, missed: 0, answered: true, pinging: undefined };
    agent.pinging = setInterval(() => ping(agent), pingMs);
    agents.set(id, agent);
    return agent;
  };

  const register = (ip: string): Agent => {
    for (const agent of agents.values()) if (agent.ip === ip) remove(agent);
    return admit(`${CLUSTER}-S${count.registrations++}`, ip);
  };

  const update = (agent: Agent, line: string): string => {
    const { framework = '', task = '', name = task, state = '' } = fields(line);
    const key = `${framework} ${task}`;
    if (!agent.tasks.has(key) && !OVER.includes(state)) {
      const named = { id: decoded(task), name: decoded(name), framework: decoded(framework) };
      agent.tasks.set(key, { ...named, agent: agent.id, state: '', statuses: [] });
    }
    const known = agent.tasks.get(key);
    if (known !== undefined && !OVER.includes(state)) hear(known, state);
    if (OVER.includes(state)) end(agent, key, state);
    return key;
  };

  const reregister = (agent: Agent, tasks: readonly string[]): void => {
    count.reregistrations++;
    const told = new Set(tasks.map((line) => update(agent, line)));
    for (const key of [...agent.tasks.keys()]) if (!told.has(key)) end(agent, key, 'TASK_LOST');
  };

  const take = ({ path, from, body }: Message): void => {
    const [first = '', ...rest] = body.split('\n').filter((line) => line !== '');
    const { id = '', ip = '' } = fields(first);
    const name = path.split('.').at(-1);
    const known = [...agents.values()].find((each) => from === `slave(1)@${each.ip}:5051`);
    if (name === 'PongSlaveMessage' && known !== undefined) known.answered = true;
    if (name === 'StatusUpdateMessage' && known !== undefined) update(known, first);
    if (name === 'RegisterSlaveMessage') {
      const agent = register(ip);
      send(agent, 'SlaveRegisteredMessage', record({ id: agent.id }));
    }
    if (name === 'ReregisterSlaveMessage') {
      const agent = agents.get(id);
      // Whom it removed, it never takes back under the old id.
      if (agent === undefined) send(stranger(ip), 'ShutdownMessage', record({ reason: 'Agent is not known' }));
      else {
        reregister(agent, rest);
        send(agent, 'SlaveRegisteredMessage', record({ id }));
      }
    }
  };

  const stranger = (ip: string): Agent => {
    const agent = admit('', ip);
    clearInterval(agent.pinging);
    agents.delete('');
    return agent;
  };

  const metrics = (): Readonly<Record<string, number>> => {
    const live = [...agents.values()].flatMap((agent) => [...agent.tasks.values()]);
    const among = (list: readonly { readonly state: string }[], state: string): number =>
      list.filter((task) => task.state === state).length;
    return {
      'master/elected': 1,
      'master/uptime_secs': (Date.now() - startedMs) / 1000,
      'master/slaves_active': agents.size,
      'master/slaves_connected': agents.size,
      'master/slave_registrations': count.registrations,
      'master/slave_reregistrations': count.reregistrations,
      'master/slave_removals': count.removals,
      'master/tasks_running': among(live, 'TASK_RUNNING'),
      'master/tasks_staging': among(live, 'TASK_STAGING'),
      'master/tasks_lost': among(ended, 'TASK_LOST'),
      'master/tasks_failed': among(ended, 'TASK_FAILED'),
      'master/tasks_killed': among(ended, 'TASK_KILLED'),
      'master/tasks_finished': among(ended, 'TASK_FINISHED'),
    };
  };

  const tasks = (): readonly Task[] => [
    ...ended,
    ...[...agents.values()].flatMap((agent) => [...agent.tasks.values()]),
  ];

  const slaves = (): readonly object[] =>
    [...agents.values()].map(({ id, ip }) => ({ id, hostname: ip, pid: `slave(1)@${ip}:5051`, active: true }));

  const page = (path: string): unknown => {
    if (path === '/metrics/snapshot') return metrics();
    if (path === '/slaves') return { slaves: slaves() };
    if (path === '/tasks') {
      const rows = tasks().map(({ framework, agent, ...task }) => ({
        ...task,
        framework_id: framework,
        slave_id: agent,
      }));
      return { tasks: rows.toSorted((a, b) => began(b) - began(a)) };
    }
    if (path !== '/state' && path !== '/master/state') return undefined;
    return {
      id: CLUSTER,
      version: '1.0.3',
      start_time: startedMs / 1000,
      activated_slaves: agents.size,
      slaves: slaves(),
      frameworks: [],
    };
  };

  const answer = (socket: Socket, path: string): void => {
    const found = page(path);
    const body = locked || found === undefined ? '' : JSON.stringify(found);
    const status = locked ? '401 Unauthorized' : found === undefined ? '404 Not Found' : '200 OK';
    socket.write(
      `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    let received = '';
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      for (let next = firstMessage(received); next !== undefined; next = firstMessage(received)) {
        received = next.rest;
        if (next.message.from === '') answer(socket, next.message.path);
        else take(next.message);
      }
    });
  }).listen(0, '0.0.0.0');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    metrics,
    agents: () => [...agents.keys()],
    tasks: () => new Map(tasks().map(({ id, state }) => [id, state])),
    lock: () => {
      locked = true;
    },
    stop: async () => {
      for (const agent of agents.values()) {
        clearInterval(agent.pinging);
        agent.socket?.destroy();
      }
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function hear(task: Task, state: string): void {
  if (task.state !== state) task.statuses.push({ state, timestamp: Date.now() / 1000 });
  task.state = state;
}

function began({ statuses }: { readonly statuses: Task['statuses'] }): number {
  return statuses[0]?.timestamp ?? 0;
}

/** As text, whatever bytes it stands for. */
function decoded(text: string): string {
  const bytes = text.replace(/%(..)/g, (_, two) => String.fromCharCode(Number.parseInt(two, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

function firstMessage(text: string): { readonly message: Message; readonly rest: string } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const length = Number(/^Content-Length: (\d+)/im.exec(head)?.[1] ?? 0);
  const body = text.slice(end + 4, end + 4 + length);
  if (body.length < length) return undefined;
  const path = head.split(' ')[1]?.split('?')[0] ?? '';
  const from = /^Libprocess-From: (.*)$/im.exec(head)?.[1]?.trim() ?? '';
  return { message: { path, from, body }, rest: text.slice(end + 4 + length) };
}
