import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Call, type Ended, type Told } from '../e2e/desk.ts';
import type { Fleet } from './fleet.ts';
import type { GdbImage } from './gdb-images.ts';

export const PLAYBOOKS = fileURLToPath(new URL('../../playbooks/', import.meta.url));

export type Run = Ended & { readonly events: readonly Told[] };

/** Where an operator of a fleet sits, with what the playbooks want to be given. */
export class Operator {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollgate-operator-'));
  readonly artifacts = join(this.folder, 'artifacts');
  readonly state = join(this.folder, 'state');
  readonly #fleet: Fleet;
  readonly #calls: Call[] = [];

  constructor(fleet: Fleet, image: GdbImage) {
    this.#fleet = fleet;
    mkdirSync(this.artifacts);
    const { id, archive, sha256 } = image;
    const given = { gdb_image: id, gdb_archive: archive, gdb_archive_sha256: sha256, artifacts: this.artifacts };
    // Containers have the clock of this machine, which is seldom synchronised where tests run.
    // As variables of the group, which those of single hosts may override.
    mkdirSync(join(this.folder, 'group_vars'));
    writeFileSync(
      join(this.folder, 'group_vars/agents.json'),
      JSON.stringify({ ...given, watch: 5, clock: 'trusted' }),
    );
  }

  /** Starts a shipped playbook on hosts, with variables of single hosts. */
  start(playbook: string, hosts: readonly string[], { extra = [], hostVars = {}, env = {} }: Extras = {}): Call {
    return this.call(
      [
        ...['run', resolve(PLAYBOOKS, playbook), '-i', this.inventory(hostVars), '-l', hosts.join(',')],
        ...['--yes', '--format', 'json', ...extra],
      ],
      env,
    );
  }

  async run(...args: Parameters<Operator['start']>): Promise<Run> {
    return finished(this.start(...args));
  }

  call(args: readonly string[], extraEnv: NodeJS.ProcessEnv = {}): Call {
    const { SSH_AUTH_SOCK: _, ROLLGATE_STATE_DIR: __, ...inherited } = process.env;
    const env = { ...inherited, HOME: this.folder, ...extraEnv };
    const call = new Call([...args, '--state-dir', this.state], this.folder, env);
    this.#calls.push(call);
    return call;
  }

  /** The names of what was kept of a host, and one of them. */
  kept(): readonly string[] {
    return readdirSync(this.artifacts).sort();
  }

  artifact(name: string): string {
    return readFileSync(join(this.artifacts, name), 'utf8');
  }

  async close(): Promise<void> {
    for (const { child } of this.#calls) if (child.exitCode === null) child.kill('SIGKILL');
    await Promise.all(this.#calls.map((call) => call.ended));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The inventory, as a file. */
  inventory(hostVars: HostVars = {}): string {
    const lines = this.#fleet.inventory().split('\n');
    const text = lines.map((line) => {
      const vars = Object.entries(hostVars[line.split(' ')[0] ?? ''] ?? {});
      return [line, ...vars.map(([name, value]) => `${name}=${JSON.stringify(value)}`)].join(' ');
    });
    const path = join(this.folder, 'fleet.ini');
    writeFileSync(path, text.join('\n'));
    return path;
  }
}

interface Extras {
  readonly extra?: readonly string[];
  readonly hostVars?: HostVars;
  readonly env?: NodeJS.ProcessEnv;
}

type HostVars = Readonly<Record<string, Readonly<Record<string, string>>>>;

export async function finished(call: Call): Promise<Run> {
  return { ...(await call.ended), events: call.events };
}

/** The steps of a host as `task: status`. */
export function steps({ events }: Run, host: string): readonly string[] {
  return events
    .filter((event) => event.type === 'step_finished' && event.host === host)
    .map(({ task, status }) => `${task}: ${status}`);
}

/** The step that ended a host, with what it said. */
export function verdict(
  { events }: Run,
  host: string,
): { readonly task?: string; readonly status?: string; readonly msg: string } {
  const bad = events.find(
    (event) =>
      event.type === 'step_finished' &&
      event.host === host &&
      ['failed', 'unreachable', 'refused'].includes(event.status ?? ''),
  );
  return { ...bad, msg: String(bad?.result?.msg ?? '') };
}

/** What a task registered on a host. */
export function registered({ events }: Run, host: string, task: string): Readonly<Record<string, unknown>> {
  const found = events.find((event) => event.type === 'step_finished' && event.host === host && event.task === task);
  return found?.result ?? {};
}
