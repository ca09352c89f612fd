import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leaveOut } from '../actions/machine.ts';

const CLI = join(import.meta.dirname, '../../src/cli.ts');
const RENEW = `
- hosts: all
  strategy: host_pinned
  forks: 1
  tasks:
    - { name: renewed, command: "true", changed_when: false }
    - { name: note, ledger_renew: { name: links, good_for: 5d } }
`;
const USE = `
- hosts: all
  strategy: host_pinned
  forks: 1
  tasks:
    - { name: gate, require_ledger: { name: links, remaining: 2h, renew: rollgate run renew.yml } }
    - { name: upgrade, command: "true" }
`;
// One after the other: these hosts are one machine, with one file.
const CLOSE = '[{ hosts: all, forks: 1, tasks: [{ ledger_close: { name: links } }] }]\n';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollgate-e2e-'));
  mkdirSync(join(folder, 'lib'));
  const hosts = ['h1', 'h2', 'h3'].map((host) => `${host} ansible_connection=local\n`).join('');
  for (const [name, content] of Object.entries({ hosts, 'renew.yml': RENEW, 'use.yml': USE, 'close.yml': CLOSE }))
    writeFileSync(join(folder, name), content);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** rollgate as a process of its own; its hosts are this machine, with a /var/lib that is the test's. */
function start(...args: readonly string[]) {
  const script = `mount --bind '${folder}/lib' /var/lib && exec "$0" "$@"`;
  const program = [process.execPath, '--import', import.meta.resolve('tsx'), CLI];
  return spawn('unshare', ['-m', 'sh', '-c', script, ...program, ...args], {
    cwd: folder,
    env: { ...process.env, ROLLGATE_STATE_DIR: join(folder, 'state') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function rollgate(...args: readonly string[]) {
  const child = start(...args);
  const closed = new Promise<number | null>((done) => child.on('close', done));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, out, err };
}

const run = (playbook: string, ...args: readonly string[]) =>
  rollgate('run', playbook, '-i', 'hosts', '--yes', '--format', 'json', ...args);

const eventsIn = (out: string) => out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));

const isPossible = spawnSync('unshare', ['-m', 'true']).status === 0;
if (!isPossible) describe('the ledger', () => leaveOut('a /var/lib of its own needs root'));

describe.runIf(isPossible)('the ledger, from run to run', () => {
  it('refuses before the renewal, lets in after it, and shows what is left until it is closed', {
    timeout: 120_000,
  }, async () => {
    const before = await run('use.yml');
    expect(before.code).toBe(3);
    const refused = eventsIn(before.out).filter(({ status }) => status === 'refused');
    expect(refused.map(({ host }) => host)).toEqual(['h1', 'h2', 'h3']);
    expect(refused[0].result.msg).toBe(
      'links: there is no such entry, neither here nor on the host. To renew it: rollgate run renew.yml',
    );

    const renewal = await run('renew.yml');
    expect(renewal.code).toBe(0);
    const entries = eventsIn(readFileSync(join(folder, 'state/ledger.jsonl'), 'utf8'));
    expect(entries.map(({ host, state, measured }) => [host, state, measured])).toEqual(
      ['h1', 'h2', 'h3'].map((host) => [host, 'good', false]),
    );
    const [started] = eventsIn(renewal.out);
    expect(entries[0]).toMatchObject({
      plan: started.plan,
      run: `${started.run} of ${started.operator} on ${started.bastion}`,
    });
    // Counted from the end of the step that saw it, not from when it was written.
    for (const { renewedAt, at } of entries) expect(Date.parse(renewedAt)).toBeLessThanOrEqual(Date.parse(at));
    expect((await rollgate('windows', '-i', 'hosts')).out).toMatch(/links:\n {2}4 d 23 h left +3 {2}h\[1-3\]\n$/);

    const use = await run('use.yml');
    expect(use.code).toBe(0);
    const forecasts = eventsIn(use.out).filter(({ type }) => type === 'forecast');
    expect(forecasts.map(({ done, left, late }) => ({ done, left, late }))).toEqual([
      { done: 1, left: 2, late: [] },
      { done: 2, left: 1, late: [] },
    ]);
    expect((await run('close.yml')).code).toBe(0);
    expect((await rollgate('windows', '-i', 'hosts')).out).toMatch(/links:\n {2}closed +3 {2}h\[1-3\]\n/);
    expect((await run('use.yml')).code).toBe(3);
  });

  it('is a reason to stop where the disk does not take it: nothing is called renewed', async () => {
    mkdirSync(join(folder, 'state/ledger.jsonl'), { recursive: true });
    const { code, out } = await run('renew.yml', '-l', 'h1');
    expect(code).toBe(2);
    const failed = eventsIn(out).find(({ status }) => status === 'failed');
    expect(failed.result.msg).toMatch(/the ledger .*ledger\.jsonl cannot be written .*links of h1 holds: make room/);
  });
});

describe.runIf(isPossible)('the hours of a run', () => {
  const minutesAway = (minutes: number) =>
    new Date(Date.now() + minutes * 60_000).toISOString().slice(0, 16).concat('Z');

  it('are refused when they are over, and let everything be done while they last', async () => {
    expect((await run('renew.yml', '--not-after', minutesAway(-60))).code).toBe(64);
    expect((await run('renew.yml', '--not-before', minutesAway(-60), '--not-after', minutesAway(60))).code).toBe(0);
  });

  it.each(['given to the run', 'of the plan that was approved'])(
    '%s are waited for, and Ctrl-C ends the wait with nothing done',
    async (whose) => {
      const all = ['renew.yml', '-i', 'hosts', '--not-before', minutesAway(60)];
      if (whose !== 'given to the run') expect((await rollgate('plan', ...all, '-o', 'hours.json')).code).toBe(0);
      const what = whose === 'given to the run' ? all : ['--plan', 'hours.json'];
      const child = start('run', ...what, '--yes', '--format', 'json');
      let out = '';
      for await (const piece of child.stdout) {
        out += String(piece);
        if (out.includes('no host is begun before')) child.kill('SIGINT');
      }
      const events = eventsIn(out);
      expect(events.at(-1)).toMatchObject({ type: 'run_finished', exitCode: 130 });
      expect(events.some(({ type }) => type === 'step_started')).toBe(false);
    },
  );
});
