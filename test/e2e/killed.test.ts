import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StepAddress } from '../../src/journal/event.ts';
import { replay } from '../../src/journal/progress.ts';
import { readJournal } from '../../src/journal/read.ts';
import { findRun } from '../../src/journal/run-folder.ts';
import { login, run as runOn } from '../embedded/client.ts';
import { type Fleet, startFleet } from '../embedded/fleet.ts';
import { PROGRAM } from './desk.ts';

/** Every changing command leaves a line on its host. */
const PLAYBOOK = `
- name: Roll
  hosts: all
  serial: 1
  tasks:
    - name: asked
      shell: cat /etc/motd
      changed_when: false
      register: motd
    - name: opaque
      shell: echo opaque {{ motd.stdout }} >> {{ file }}
      notify: handled
    - name: probed
      shell: {cmd: "echo probed >> {{ file }}; touch {{ file }}-probed", creates: "{{ file }}-probed"}
    - window: w
      block:
        - {name: shut, shell: "echo shut >> {{ file }}"}
      must_finish:
        - {name: back, shell: "echo back >> {{ file }}"}
  handlers:
    - {name: handled, shell: "echo handled >> {{ file }}"}
- name: Last
  hosts: all
  tasks:
    - {name: end, shell: "echo end >> {{ file }}"}
`;
const UNDISTURBED = 'opaque welcome\nprobed\nshut\nback\nhandled\nend\n';
const NAMES = ['a', 'b'] as const;

let fleet: Fleet;
let folder = '';
beforeAll(async () => {
  fleet = await startFleet({ hosts: NAMES.map((name) => ({ name, files: { '/etc/motd': 'welcome\n' } })) });
  folder = mkdtempSync(join(tmpdir(), 'rollgate-killed-'));
  writeFileSync(join(folder, 'play.yml'), PLAYBOOK);
});
afterAll(async () => {
  await fleet.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function rollgate(words: readonly string[], dieAt: string) {
  const preload = join(import.meta.dirname, 'die-at-write.mjs');
  const child = spawn(process.execPath, ['--import', preload, ...PROGRAM, ...words, '--yes', '--format', 'json'], {
    cwd: folder,
    env: { ...process.env, DIE_AT: dieAt },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (data: Buffer) => {
    err += data;
  });
  const [code, signal] = await once(child, 'close');
  return { code: code as number | null, signal: signal as NodeJS.Signals | null, err };
}

async function on(name: string, command: string): Promise<string> {
  const host = fleet.hosts.get(name);
  if (host === undefined) throw new Error(`no host ${name}`);
  const client = await login(fleet, host);
  try {
    return (await runOn(client, command)).stdout.toString();
  } finally {
    client.end();
  }
}

/** Hosts with a step of which nobody knows whether it ran, and what a person finds who looks. */
async function doubts(stateDir: string, file: string): Promise<ReadonlyMap<string, '--assume-done' | '--redo'>> {
  const found = await findRun(stateDir);
  if (!found.ok) return new Map();
  const read = readJournal(readFileSync(found.folder.journalFile));
  if (!read.ok) throw new Error(read.reason);
  const started = [...replay(read.events).steps.values()].filter(({ status }) => status === 'started');
  return new Map(await Promise.all(started.map((step) => lookAt(step, file))));
}

async function lookAt({ host, task }: StepAddress, file: string) {
  const isDone = (await on(host, `cat ${file}`)).includes(task);
  return [host, isDone ? ('--assume-done' as const) : ('--redo' as const)] as const;
}

describe('rollgate, killed', () => {
  it('at every write to its journal, before, in and after it, comes to what an undisturbed run comes to', async () => {
    let isKilled = true;
    for (let write = 1; isKilled; write++) {
      const file = `/tmp/done-${write}`;
      const state = join(folder, `state-${write}`);
      const where = (['before', 'inside', 'after'] as const)[write % 3];
      const inventory = ['-i', fleet.inventoryFile, '-e', `file=${file}`, '--state-dir', state];
      const first = await rollgate(['run', 'play.yml', '-f', '1', ...inventory], `${write} ${where}`);
      isKilled = first.signal === 'SIGKILL';
      expect(isKilled || first.code === 0, first.err).toBe(true);
      expect(write > 25 || isKilled).toBe(true);
      const found = await findRun(state);
      const journal = found.ok ? readFileSync(found.folder.journalFile, 'utf8') : '';
      // It broke off before anything was done: there is nothing to resume.
      if (!journal.includes('\n')) continue;
      const [answer = '--redo'] = [...(await doubts(state, file)).values()];
      const second = await rollgate(['resume', '--state-dir', state, answer, '--reason', 'looked at the host'], '0');
      expect(second, `killed ${where} write ${write}`).toMatchObject({ code: 0, signal: null });
      for (const name of NAMES)
        expect(await on(name, `cat ${file}`), `${name}, killed ${where} write ${write}`).toBe(UNDISTURBED);
    }
  }, 900_000);
});
