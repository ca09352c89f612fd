import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAUNCHING } from '../../src/actions/mesos/launching.ts';
import { hexPort } from '../../src/actions/mesos/tables.ts';
import { sh, shellText } from '../../src/shell/script.ts';
import { asked, onEveryShell, type Shell } from '../actions/machine.ts';

const TOOLS = ['awk', 'cat', 'cut', 'grep', 'head', 'printf', 'rm', 'tail', 'timeout', 'tr'];

const RUNNING = '{"id":"a","slave_id":"S1","state":"TASK_RUNNING","statuses":[{"state":"TASK_STAGING"}]}';
const STAGING = '{"id":"b","slave_id":"S1","state":"TASK_STAGING","statuses":[]}';
const agentWith = (tasks: string, queued: string) =>
  `{"frameworks":[{"executors":[{"tasks":[${tasks}],"queued_tasks":[${queued}]}]}]}`;

describe('whether a task is on its way', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollgate-launching-'));
  let server: Server;
  let answer = { status: 200, body: '' };

  beforeAll(async () => {
    server = createServer((_, response) => response.writeHead(answer.status).end(answer.body));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    for (const client of ['curl', 'wget', 'neither']) {
      mkdirSync(join(folder, client));
      for (const tool of client === 'neither' ? TOOLS : [...TOOLS, client])
        symlinkSync(execFileSync('which', [tool], { encoding: 'utf8' }).trim(), join(folder, client, tool));
    }
  });

  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  async function ask(client: string, shell: Shell) {
    const { port } = server.address() as AddressInfo;
    const machine = { folder, shell, path: join(folder, client) };
    const [program, ...args] = shell;
    const full = execFileSync('which', [program], { encoding: 'utf8' }).trim();
    const told = await asked({ ...machine, shell: [full, ...args] }).ask(sh`tell() { echo "$*"; }
port=${port} hex=${hexPort(port)}
${shellText(LAUNCHING)}
launching && echo launching`);
    return told.ok ? told.stdout.trim() : told.message;
  }

  onEveryShell((shell) => {
    // BusyBox takes its own wget, whatever else is there.
    const isBusybox = shell[0] === 'busybox';

    it.each(isBusybox ? ['curl'] : ['curl', 'wget'])('is asked by %s', async (client) => {
      answer = { status: 200, body: agentWith(RUNNING, '') };
      expect(await ask(client, shell)).toBe('');
      answer = { status: 200, body: agentWith(RUNNING, STAGING) };
      expect(await ask(client, shell)).toBe('launching');
      answer = { status: 200, body: agentWith(`${RUNNING},${STAGING}`, '').replaceAll(',', ', \n') };
      expect(await ask(client, shell)).toBe('launching');
    });

    it('is told to be unknown where nobody can ask, or no answer comes', async () => {
      answer = { status: 401, body: '' };
      expect(await ask('curl', shell)).toBe('unseen the agent answers with HTTP 401');
      if (isBusybox) return;
      expect(await ask('wget', shell)).toBe('unseen the agent answers with HTTP 401');
      expect(await ask('neither', shell)).toBe('unseen neither curl nor wget is there');
    });
  });
});
