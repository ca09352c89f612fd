import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/actions/action.ts';
import { pythonRegex } from '../../src/actions/python-regex.ts';
import { act, leaveOut, stillClock } from './machine.ts';

let folder = '';
let server: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollgate-wait-'));
});
afterEach(async () => {
  await new Promise<unknown>((closed) => (server === undefined ? closed(null) : server.close(closed)));
  server = undefined;
  rmSync(folder, { recursive: true });
});

function listen(greeting = ''): Promise<number> {
  return new Promise((ready) => {
    const listening = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(greeting);
    });
    server = listening;
    listening.listen(0, '127.0.0.1', () => ready((listening.address() as AddressInfo).port));
  });
}

/** Does something when so much time has been slept away. */
function clockThat(at: number, happens: () => void): Clock {
  const clock = stillClock();
  return {
    ...clock,
    sleep: async (ms) => {
      await clock.sleep(ms);
      if (clock.monotonic() >= at) happens();
    },
  };
}

const TOOLS = ['cat', 'awk', 'grep', 'sleep', 'seq'];

/** BusyBox stands in for the nc that it is on many hosts. */
function whereIs(program: string): string {
  const name = program === 'nc' ? 'busybox' : program;
  return spawnSync('sh', ['-c', 'command -v "$0"', name]).stdout.toString().trim();
}

const has = (program: string) => whereIs(program) !== '';

/** A PATH with no program but these. */
function only(programs: readonly string[]): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const program of programs.filter(has)) symlinkSync(whereIs(program), join(bin, program));
  return bin;
}

describe('a port', () => {
  for (const tools of [['bash'], ['busybox'], ['perl'], ['nc'], []]) {
    const title = `is found open and closed with ${tools[0] ?? 'the list of the kernel'}`;
    const lacking = tools.find((program) => !has(program));
    if (lacking !== undefined) leaveOut(`${title}: ${lacking} is not installed here`);
    else it(title, () => openAndClosed(tools));
  }

  async function openAndClosed(tools: readonly string[]): Promise<void> {
    const machine = { folder, path: only([...TOOLS, ...tools]) };
    const port = await listen();
    expect(await act('wait_for', { port, timeout: 2 }, machine)).toEqual({
      changed: false,
      elapsed: 0,
      state: 'started',
      port,
      path: null,
      search_regex: null,
      match_groups: [],
      match_groupdict: {},
    });
    expect(await act('wait_for', { port, state: 'stopped', timeout: 2 }, machine)).toEqual({
      changed: false,
      failed: true,
      elapsed: 2,
      msg: `Timeout when waiting for 127.0.0.1:${port} to stop.`,
    });
    await new Promise((closed) => server?.close(closed));
    server = undefined;
    expect(await act('wait_for', { port, timeout: '3' }, machine)).toEqual({
      changed: false,
      failed: true,
      elapsed: 3,
      msg: `Timeout when waiting for 127.0.0.1:${port}`,
    });
    expect(await act('wait_for', { port, state: 'stopped' }, machine)).toMatchObject({
      state: 'stopped',
      elapsed: 0,
    });
  }

  it('that says what is looked for', async () => {
    const port = await listen('220 mail ready\r\n');
    expect(
      await act('wait_for', { port, search_regex: '^220 (?P<who>\\w+)', connect_timeout: 1 }, { folder }),
    ).toMatchObject({ match_groups: ['mail'], match_groupdict: { who: 'mail' } });
  });

  it('of another machine, with nothing to try it with', async () => {
    const machine = { folder, path: only(TOOLS) };
    expect(await act('wait_for', { host: '192.0.2.1', port: 80, timeout: 1 }, machine)).toMatchObject({
      failed: true,
      msg: expect.stringContaining('nothing to try 192.0.2.1:80 with'),
    });
  });
});

describe('a path', () => {
  it('that comes after a while', async () => {
    const path = join(folder, 'ready');
    const clock = clockThat(7000, () => writeFileSync(path, 'x'));
    expect(await act('wait_for', { path, delay: 3, sleep: 2 }, { folder, clock })).toMatchObject({
      changed: false,
      elapsed: 7,
      path,
      state: 'file',
      size: 1,
    });
  });

  it('that goes', async () => {
    const path = join(folder, 'lock');
    writeFileSync(path, '');
    const clock = clockThat(2000, () => rmSync(path, { force: true }));
    expect(await act('wait_for', { path, state: 'absent' }, { folder, clock })).toMatchObject({
      elapsed: 2,
      state: 'absent',
    });
  });

  it('is not looked through for ever', async () => {
    const path = join(folder, 'log');
    writeFileSync(path, `${'a'.repeat(40)}!\n`);
    const result = await act('wait_for', { path, search_regex: '(a+)+x' }, { folder });
    expect(result).toMatchObject({ failed: true, msg: expect.stringContaining('takes too long') });
  });

  it('that holds what is looked for, in any of its lines', async () => {
    const path = join(folder, 'log');
    writeFileSync(path, 'starting\nnot yet\n');
    const clock = clockThat(4000, () => writeFileSync(path, 'starting\nagent registered as 7\n'));
    const result = await act('wait_for', { path, search_regex: '^agent (?P<how>\\w+) as (\\d)' }, { folder, clock });
    expect(result).toMatchObject({
      elapsed: 4,
      match_groups: ['registered', '7'],
      match_groupdict: { how: 'registered' },
    });
  });

  it.each<[object, string]>([
    [{ path: '/nosuch/x', timeout: 2 }, 'Timeout when waiting for file /nosuch/x'],
    [{ path: '/', state: 'absent', timeout: 2 }, 'Timeout when waiting for / to be absent.'],
    [{ path: '/nosuch/x', search_regex: 'a', timeout: 2 }, 'Timeout when waiting for search string a in /nosuch/x'],
    [{ path: '/nosuch/x', timeout: 2, msg: 'no agent' }, 'no agent'],
    [{ path: '/nosuch/x', timeout: 2, sleep: 60, msg: 'not before the time is up' }, 'not before the time is up'],
  ])('%j says %s', async (params, msg) => {
    expect(await act('wait_for', params, { folder })).toEqual({ changed: false, failed: true, elapsed: 2, msg });
  });
});

it('nothing to wait for: waits', async () => {
  expect(await act('wait_for', { timeout: 9, delay: 1 }, { folder })).toMatchObject({ changed: false, elapsed: 10 });
});

it('waits for nothing in check mode', async () => {
  expect(await act('wait_for', { path: '/nosuch' }, { folder, check: true })).toMatchObject({
    skipped: true,
    changed: false,
  });
});

it.each<[string, string, boolean]>([
  ['(?i)READY', 'ready', true],
  ['^b$', 'a\nb\nc', true],
  ['a.b', 'a\nb', false],
  ['(?s)a.b', 'a\nb', true],
  ['(?P<q>["\'])x(?P=q)', '"x"', true],
  ['\\Aa', 'b\na', false],
])('Python’s %s in %j: %s', (pattern, text, found) => {
  expect(pythonRegex(pattern)?.test(text)).toBe(found);
});
