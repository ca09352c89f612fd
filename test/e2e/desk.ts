import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Sshd } from '../sshd/sshd.ts';

/** An event of `--format json`, as a program reads it. */
export interface Told {
  readonly type: string;
  readonly at: string;
  readonly host?: string;
  readonly task?: string;
  readonly status?: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const root = join(import.meta.dirname, '../..');

/** The built command line where it is as new as its source, else the source itself. */
function program(): readonly string[] {
  const built = join(root, 'dist/cli.js');
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, 'src', name));
  return existsSync(built) && sources.every((source) => statSync(built).mtimeMs >= statSync(source).mtimeMs)
    ? [built]
    : ['--import', import.meta.resolve('tsx'), join(root, 'src/cli.ts')];
}

/** Words behind node. */
export const PROGRAM = program();

/** A call of rollgate that is under way. */
export class Call {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly events: Told[] = [];
  #stdout = '';
  #stderr = '';
  #waiting: { readonly isIt: (event: Told) => boolean; readonly found: (event: Told) => void }[] = [];

  /** `under`: a program and its arguments that starts what it is given, in its own place. */
  constructor(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, under: readonly string[] = []) {
    const [program = '', ...words] = [...under, process.execPath, ...PROGRAM, ...args];
    this.child = spawn(program, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const { stdout, stderr } = this.child;
    if (stdout === null || stderr === null) throw new Error('no pipes');
    createInterface({ input: stdout }).on('line', (line) => this.#take(line));
    stderr.on('data', (data: Buffer) => {
      this.#stderr += data;
    });
    this.ended = once(this.child, 'close').then(([code, signal]) => ({
      code,
      signal,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }));
  }

  /** Resolves with the first event, past or to come, that fits; rejects when rollgate ends without it. */
  event(isIt: (event: Told) => boolean): Promise<Told> {
    const past = this.events.find(isIt);
    if (past !== undefined) return Promise.resolve(past);
    const coming = new Promise<Told>((found) => this.#waiting.push({ isIt, found }));
    const never = this.ended.then(({ stdout, stderr }) =>
      Promise.reject(new Error(`rollgate ended without that event:\n${stdout}\n${stderr}`)),
    );
    never.catch(() => {});
    return Promise.race([coming, never]);
  }

  /** Resolves when a command on a host has printed that. */
  printed(text: string, host?: string): Promise<Told> {
    return this.event(
      (event) =>
        event.type === 'command_output' &&
        String(event.text).includes(text) &&
        (host === undefined || event.host === host),
    );
  }

  #take(line: string): void {
    this.#stdout += `${line}\n`;
    if (!line.startsWith('{')) return;
    const event = JSON.parse(line) as Told;
    this.events.push(event);
    this.#waiting = this.#waiting.filter(({ isIt, found }) => {
      if (isIt(event)) found(event);
      return !isIt(event);
    });
  }
}

/** Where an operator sits: a home with keys and known_hosts, an inventory, playbooks, runs; and a folder for what hosts write. */
export class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollgate-e2e-'));
  readonly site = join(this.folder, 'site');
  readonly state = join(this.folder, 'state');
  env: NodeJS.ProcessEnv;
  /** What rollgate is started by: a program that starts another in its own place. */
  under: readonly string[] = [];
  readonly #calls: Call[] = [];

  constructor(
    readonly sshd: Sshd,
    hosts: readonly string[],
  ) {
    mkdirSync(this.site, { mode: 0o777 });
    mkdirSync(join(this.folder, '.ssh'));
    copyFileSync(sshd.knownHosts, join(this.folder, '.ssh/known_hosts'));
    const { SSH_AUTH_SOCK: _, ROLLGATE_STATE_DIR: __, ...rest } = process.env;
    this.env = { ...rest, HOME: this.folder };
    const common = {
      ansible_port: sshd.port,
      ansible_user: sshd.user,
      ansible_ssh_private_key_file: sshd.clientKey,
      site: this.site,
    };
    const vars = Object.entries(common).map(([name, value]) => `${name}=${value}`);
    this.write('hosts.ini', [...hosts, '', '[all:vars]', ...vars, ''].join('\n'));
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** What a host left behind. */
  left(name: string): string {
    const path = join(this.site, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** Lets a held command go on. */
  release(name: string): void {
    writeFileSync(join(this.site, name), '');
  }

  /** A call of a command that knows of no runs. */
  call(args: readonly string[]): Call {
    const call = new Call(args, this.folder, this.env, this.under);
    this.#calls.push(call);
    return call;
  }

  start(args: readonly string[]): Call {
    return this.call([...args, '--state-dir', this.state]);
  }

  /** Starts rollgate at a terminal of its own, which goes away when what is given back is killed. */
  atTerminal(args: readonly string[]): ChildProcess {
    const words = [process.execPath, ...PROGRAM, ...args, '--state-dir', this.state];
    const line = words.map((word) => `'${word}'`).join(' ');
    return spawn('script', ['-qc', `exec ${line}`, '/dev/null'], {
      cwd: this.folder,
      env: this.env,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }

  /** The journal of the latest run, as it stands. */
  journal(): string {
    return readFileSync(join(this.run, 'journal.jsonl'), 'utf8');
  }

  /** Starts a playbook, given as text, with the events as JSON. */
  play(playbook: string, args: readonly string[] = []): Call {
    this.write('play.yml', playbook);
    return this.start(['run', 'play.yml', '-i', 'hosts.ini', '--yes', '--format', 'json', ...args]);
  }

  resume(args: readonly string[] = []): Call {
    return this.start(['resume', '--yes', '--format', 'json', ...args]);
  }

  /** The folder of the latest run. */
  get run(): string {
    const runs = readdirSync(join(this.state, 'runs')).sort();
    return join(this.state, 'runs', runs.at(-1) ?? '');
  }

  summary(): {
    readonly exitCode: number;
    readonly resume?: string;
    readonly hosts: Readonly<Record<string, { readonly outcome: string }>>;
    readonly failed: readonly { readonly host: string; readonly reason: string; readonly log: string }[];
    readonly refused: readonly { readonly host: string; readonly reason: string }[];
  } {
    return JSON.parse(readFileSync(join(this.run, 'summary.json'), 'utf8'));
  }

  /** Ends what a failed test left under way, too: its hosts would stay held. */
  async close(): Promise<void> {
    for (const { child } of this.#calls) if (child.exitCode === null) child.kill('SIGKILL');
    await Promise.all(this.#calls.map((call) => call.ended));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** How a call ended, with what it told. */
export async function ended(call: Call): Promise<Ended & { readonly events: readonly Told[] }> {
  return { ...(await call.ended), events: call.events };
}

/** The ends of steps as `host task status`, sorted. */
export function outcomes(events: readonly Told[]): readonly string[] {
  return events
    .filter(({ type }) => type === 'step_finished')
    .map(({ host, task, status }) => `${host} ${task} ${status}`)
    .sort();
}

/** What a task on a host registered. */
export function resultOf(events: readonly Told[], task: string, host?: string): Readonly<Record<string, unknown>> {
  const end = events.find(
    (event) => event.type === 'step_finished' && event.task === task && (host === undefined || event.host === host),
  );
  if (end?.result === undefined) throw new Error(`${task} did not end: ${JSON.stringify(outcomes(events))}`);
  return end.result;
}

/** Every file below a folder. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** Shell that prints `held` and waits for a file, or for its folder to go: nothing is to outlive its test. */
export function held(file: string): string {
  return `echo held; while [ -d ${file.replace(/\/[^/]*$/, '')} ] && [ ! -e ${file} ]; do sleep 0.05; done`;
}
