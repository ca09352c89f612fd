import { spawn, spawnSync } from 'node:child_process';
import { appendFile, chmod, copyFile, mkdir, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { describe, it } from 'vitest';
import type { Action, Answer, Asked, Bastion, Clock, Done, HostCommand, Result } from '../../src/actions/action.ts';
import { failureOf } from '../../src/actions/outcomes.ts';
import { findAction } from '../../src/actions/registry.ts';
import { createDigests } from '../../src/connection/digests.ts';
import { keep } from '../../src/connection/keep.ts';
import type { Outcome, Transferred } from '../../src/shell/outcome.ts';
import { render, type Script, Secret, sh } from '../../src/shell/script.ts';

/** A shell of this machine as `[program, …arguments]`, `-c TEXT` to follow. */
export type Shell = readonly [string, ...string[]];

const CANDIDATES: readonly Shell[] = [['/bin/sh'], ['dash'], ['bash', '--posix'], ['mksh'], ['busybox', 'ash']];

/** A suite on every shell that hosts have, old ones too. */
export function onEveryShell(suite: (shell: Shell) => void): void {
  for (const shell of CANDIDATES) {
    const [program, ...args] = shell;
    const isHere = spawnSync(program, [...args, '-c', ':']).status === 0;
    describe(`on ${shell.join(' ')}`, () => (isHere ? suite(shell) : leaveOut(`${program} is not installed here`)));
  }
}

/** A test that this machine cannot run says so; where everything must run, it fails. */
export function leaveOut(why: string): void {
  it(`left out: ${why}`, (context) => {
    if (process.env.CI) throw new Error(why);
    context.skip(why);
  });
}

export interface Machine {
  readonly folder: string;
  readonly shell?: Shell;
  /** Replaces PATH, to take tools away. */
  readonly path?: string;
  readonly clock?: Clock;
  readonly bastion?: Partial<Bastion>;
  readonly check?: boolean;
  /** What was sent, as the host saw it. */
  readonly sent?: string[];
}

/** One attempt of an action on this machine, as the engine makes it. */
export async function act(name: string, written: unknown, machine: Machine): Promise<Result> {
  const action = findAction(name);
  if (action?.kind !== 'host') throw new Error(`${name} is no action of a host`);
  const parsed = action.params.safeParse(written);
  if (!parsed.success)
    throw new Error(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  return perform(action, parsed.data, machine);
}

async function perform(action: Action, params: unknown, machine: Machine): Promise<Result> {
  const host = asked(machine);
  const before = await action.probe(params, host);
  if (!before.ok) return { changed: false, failed: true, msg: before.message };
  const decision = action.decide(params, before.facts);
  if (decision.kind === 'settled') return decision.result;
  const done: Done[] = [];
  for (const command of decision.commands) {
    const startedAt = new Date(0);
    const outcome = await send(command, machine);
    const failure = failureOf(outcome);
    if (failure !== undefined) return { changed: false, ...failure };
    done.push({ outcome, startedAt, endedAt: new Date(1500) });
    if (outcome.kind !== 'done' && !(outcome.kind === 'exited' && outcome.code === 0)) break;
  }
  const result = decision.conclude(done);
  if (result.failed || action.verify === undefined) return result;
  const after = await action.probe(params, host);
  if (!after.ok) return { changed: true, failed: true, msg: after.message };
  const problem = action.verify(params, before.facts, after.facts);
  return problem === undefined ? result : { ...result, failed: true, msg: problem };
}

export function asked(machine: Machine): Asked {
  return {
    host: 'agent001',
    reach: () => ({ address: '127.0.0.1', port: 22 }),
    check: machine.check ?? false,
    clock: machine.clock ?? stillClock(),
    bastion: {
      ledger: { latest: () => ({ ok: true, facts: undefined }), seenAt: () => undefined },
      read,
      digest: createDigests(),
      icmp: async () => ({ kind: 'alive' }),
      tcp: async () => ({ kind: 'open' }),
      http: async () => ({ kind: 'silent', why: 'nobody is there' }),
      ...machine.bastion,
    },
    run: '20260101-000000-test of tester on bastion',
    localPath: (path) => resolve(machine.folder, path),
    ask: (script) => answer(script, machine),
  };
}

/** A clock on which sleeping takes no time and moves the hands. */
export function stillClock(): Clock {
  let now = 0;
  return {
    monotonic: () => now,
    now: () => new Date(now),
    sleep: async (ms) => {
      now += ms;
    },
  };
}

const read: Bastion['read'] = async (path) => {
  try {
    return { ok: true, bytes: await readFile(path), mode: (await stat(path)).mode & 0o7777 };
  } catch (error) {
    return { ok: false, why: (error as Error).message };
  }
};

async function answer(script: Script, machine: Machine): Promise<Answer> {
  const outcome = await run({ kind: 'run', script }, machine);
  if (outcome.kind !== 'exited') return { ok: false, message: outcome.kind, outcome };
  return { ok: true, code: outcome.code, stdout: text(outcome.stdout), stderr: text(outcome.stderr) };
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function send(command: HostCommand, machine: Machine): Promise<Outcome | Transferred> {
  if (command.kind === 'run') return run(command, machine);
  try {
    if (command.kind === 'keep') return await keep(command.to, command.bytes);
    if (command.kind === 'upload') await upload(command);
    else if (command.kind === 'append') await append(command);
    else await download(command);
    return { kind: 'done' };
  } catch (error) {
    return { kind: 'failed', reason: (error as Error).message };
  }
}

async function upload({ from, to, mode }: Extract<HostCommand, { kind: 'upload' }>): Promise<void> {
  await writeFile(`${to}.part`, from instanceof Uint8Array ? from : await readFile(from.file));
  await chmod(`${to}.part`, mode);
  await rename(`${to}.part`, to);
}

async function append({ from: { file, start }, to }: Extract<HostCommand, { kind: 'append' }>): Promise<void> {
  await truncate(to, start).catch(() => {});
  await appendFile(to, (await readFile(file)).subarray(start));
}

async function download({ from, to }: Extract<HostCommand, { kind: 'download' }>): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
}

function run({ script, stdin, chdir }: Extract<HostCommand, { kind: 'run' }>, machine: Machine): Promise<Outcome> {
  const [program, ...args] = machine.shell ?? ['/bin/sh'];
  const rendered = render(chdir === undefined ? script : sh`cd ${chdir} && ${script}`);
  machine.sent?.push(rendered);
  return new Promise((done, failed) => {
    const child = spawn(program, [...args, '-c', rendered], {
      cwd: machine.folder,
      env: { ...process.env, PATH: machine.path ?? process.env.PATH },
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
    child.stderr.on('data', (piece: Buffer) => stderr.push(piece));
    child.on('error', failed);
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin instanceof Secret ? stdin.reveal() : stdin);
    child.on('close', (code, signal) => {
      const output = { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
      done(signal === null ? { kind: 'exited', code: code ?? 0, ...output } : { kind: 'signalled', signal, ...output });
    });
  });
}
