import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentApiIn } from '../../src/actions/mesos/agent-http.ts';
import { recoveryIn } from '../../src/actions/mesos/agent-return.ts';
import { ASK_CLOCK, clockIn } from '../../src/actions/mesos/clock.ts';
import { BEGINNING, END } from '../../src/actions/mesos/host-shell.ts';
import { belongingsIn, versionIn } from '../../src/actions/mesos/libraries.ts';
import { idleLimitIn, linksIn } from '../../src/actions/mesos/links.ts';
import { readSections, type Section } from '../../src/actions/mesos/sections.ts';
import { lines, render } from '../../src/shell/script.ts';

/** A section as its question prints it. */
function section(
  kind: string,
  fields: Readonly<Record<string, string>>,
  words: readonly string[] = [],
): readonly Section[] {
  const printed = Object.entries(fields).map(
    ([name, text]) => `- ${name}\n ${Buffer.from(text, 'latin1').toString('hex')}`,
  );
  return readSections([`= ${kind}`, ...words, ...printed, '= end', ''].join('\n')) ?? [];
}

const recorded = (name: string) => readFileSync(new URL(`./recorded/${name}`, import.meta.url), 'latin1');

describe('what the agent says over HTTP', () => {
  it('is read as Mesos 1.0.3 printed it', () => {
    const api = agentApiIn(
      section('http', {
        state: `${recorded('agent-state.json')}\n200`,
        metrics: `${recorded('agent-metrics.json')}\n200`,
      }),
      false,
    );
    expect(api).toMatchObject({
      told: 'answered',
      id: '135baa25-1f1a-447f-b232-d34d5ab37e8f-S0',
      version: '1.0.3',
      registered: true,
      recoveryErrors: 0,
      flags: { recover: 'reconnect', recovery_timeout: '15mins', strict: 'true' },
    });
    expect(api?.executors?.map(({ id, tasks, queued }) => [id, tasks, queued])).toEqual(
      ['cmd-ckpt', 'dk-nockpt', 'dk-ckpt', 'cmd-nockpt'].map((id) => [
        id,
        [{ id, name: id, state: 'TASK_RUNNING' }],
        [],
      ]),
    );
  });

  it.each<[string, string, string]>([
    ['a token is wanted', 'Unauthorized\n401', 'unauthorized'],
    ['it is forbidden', '\n403', 'unauthorized'],
    ['there is neither curl nor wget', '\nnone', 'no client'],
    ['nobody answers', '\n000', 'no answer'],
    ['nothing was asked', '', 'no answer'],
    ['the agent is ill', 'oops\n500', 'HTTP 500'],
    ['the answer is cut off', '{"id":"x\n200', 'an answer that is no JSON'],
    ['the answer is too long', `${'x'.repeat(10 * 1024 * 1024)}\n`, 'an answer of more than 10 MB'],
  ])('is told in words where %s', (_, state, told) => {
    expect(agentApiIn(section('http', { state, metrics: state }), false)).toEqual({ told });
  });

  it('is told where the agent wants TLS, and answers without it where it does', () => {
    const said = (state: string) => agentApiIn(section('http', { state, metrics: state }), true);
    expect(said('\n000')).toEqual({ told: 'the agent speaks HTTPS, which is not read' });
    expect(said('\n401')).toEqual({ told: 'unauthorized' });
    expect(said('{}\n200')).toMatchObject({ told: 'answered' });
  });

  it('brings names that are no UTF-8 as the environment does', () => {
    const state = '{"id":"S\\u001b","frameworks":[{"id":"f","executors":[{"id":"x\xff\\n$(id)","tasks":[]}]}]}';
    expect(agentApiIn(section('http', { state: `${state}\n200`, metrics: '' }), false)).toMatchObject({
      id: 'S\\x1b',
      executors: [{ framework: 'f', id: 'x\\xff\\x0a$(id)' }],
    });
  });
});

describe('a link', () => {
  const row = { nearAddress: '127.0.0.1', near: 60498, farAddress: '127.0.0.1', far: 5051, state: '01', inode: 700 };
  const IDLE =
    'ESTAB 0 0 127.0.0.1:60498 127.0.0.1:5051 timer:(keepalive,119min,0) ino:700 sk:1 <->\n\t ts sack lastsnd:432000123 lastrcv:90500 lastack:84\n';
  const FILE =
    'ipv4     2 tcp      6 431999 ESTABLISHED src=127.0.0.1 dst=127.0.0.1 sport=60498 dport=5051 src=127.0.0.1 dst=127.0.0.1 sport=5051 dport=60498 [ASSURED] mark=0\nrows 812\n';
  const TOOL = FILE.replace('ipv4     2 ', '');

  it.each<[string, string, string, object]>([
    ['both are read', IDLE, FILE, { idleSeconds: 90, trackedSeconds: 431_999 }],
    ['conntrack prints the table', '', TOOL, { trackedSeconds: 431_999 }],
    ['it was forgotten', IDLE, 'rows 3\n', { idleSeconds: 90, trackedSeconds: 'none' }],
    ['nothing is tracked at all', '', '', {}],
    ['another host has the same port', '', FILE.replace('src=127.0.0.1', 'src=10.0.0.9'), { trackedSeconds: 'none' }],
    ['a byte went over it just now', 'ESTAB ino:700 x\n\t lastrcv:84', '', { idleSeconds: 0 }],
  ])('tells how old it is where %s', (_, idle, tracked, expected) => {
    expect(linksIn(section('links', { idle, tracked }))(row)).toEqual(expected);
  });
});

describe('how long an idle link is remembered', () => {
  it.each<[string, string, number | undefined]>([
    ['is what the kernel goes by', '432000\n', 432_000],
    ['is not known where connection tracking is not loaded', '', undefined],
    ['is not known where that is no number', 'cat: x\n', undefined],
  ])('%s', (_, limit, expected) => {
    expect(idleLimitIn(section('links', { idle: '', tracked: '', limit }))).toBe(expected);
  });
});

describe('the clock', () => {
  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['timedatectl of systemd 219', { timedatectl: '     NTP enabled: yes\nNTP synchronized: yes\n' }, 'yes'],
    ['timedatectl of systemd 252', { timedatectl: 'System clock synchronized: no\n NTP service: active\n' }, 'no'],
    ['chronyc', { chronyc: 'Leap status     : Normal\n' }, 'yes'],
    ['chronyc without a source', { chronyc: 'Leap status     : Not synchronised\n' }, 'no'],
    ['ntpstat', { ntpstat: 'synchronised to NTP server (10.0.0.1) at stratum 3\n' }, 'yes'],
    ['systemd-timesyncd', { timesyncd: '/run/systemd/timesync/synchronized\n' }, 'yes'],
    ['what systemd-timesyncd said long ago', { timesyncd: '\n', chronyc: '\n' }, 'unknown'],
    ['ntpstat without a server', { ntpstat: 'unsynchronised\n' }, 'no'],
    [
      'a kernel that chrony does not tell',
      { timedatectl: 'NTP synchronized: no', chronyc: 'Leap status : Normal' },
      'yes',
    ],
    ['nobody', {}, 'unknown'],
  ])('is judged by %s', (_, said, expected) => {
    expect(clockIn(section('clock', said))?.synchronised).toBe(expected);
  });
});

/** The question itself, on a host that has these tools. */
function asked(tools: Readonly<Record<string, string>>): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'rollgate-clock-'));
  const said = Object.entries({ timedatectl: 'NTP synchronized: no', ...tools });
  for (const [name, text] of said)
    writeFileSync(join(folder, name), `#!/bin/sh\ncat <<'E'\n${text}\nE\n`, { mode: 0o755 });
  try {
    const env = { PATH: `${folder}:/usr/bin:/bin` };
    const script = render(lines([BEGINNING, ASK_CLOCK, END]));
    const output = execFileSync('sh', ['-c', script], { env, encoding: 'utf8' });
    return output.split('\n').filter((line) => line.startsWith('- '));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('timedatectl, which wakes a daemon', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ['chronyc', { chronyc: 'Stratum         : 3\nLeap status     : Normal' }],
    ['chronyc before a leap second', { chronyc: 'Leap status     : Insert second' }],
    ['ntpstat', { ntpstat: 'synchronised to NTP server (10.0.0.1) at stratum 3' }],
  ])('is left alone where %s says that the clock is synchronised', (_, tools) => {
    expect(asked(tools)).not.toContain('- timedatectl');
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['there is nobody else', {}],
    ['chronyc says no', { chronyc: 'Leap status     : Not synchronised' }],
    ['ntpstat says no', { ntpstat: 'unsynchronised' }],
  ])('is asked where %s', (_, tools) => {
    expect(asked(tools)).toContain('- timedatectl');
  });
});

describe('what a process has mapped', () => {
  const maps = (path: string) =>
    `/proc/7/maps:7f93-7f95 r-xp 00026000 fe:00 339380                     ${path}\n/proc/8/maps:1-2 r-xp 0 fe:00 1 /lib/libc.so.6 (deleted)\n`;
  const path = '/lib/x/libc.so.6';

  it.each<[string, string, string, string]>([
    [
      'the file on disk',
      path,
      `65024:339380 /proc/7/map_files/7f93-7f95\n65024:339380 /proc/7/root${path}\n`,
      'on disk',
    ],
    ['another file', path, `65024:339380 /proc/7/map_files/7f93-7f95\n65024:9 /proc/7/root${path}\n`, 'replaced'],
    ['a file that is gone', `${path} (deleted)`, `65024:9 /proc/7/root${path}\n`, 'replaced'],
    ['the inode of the file on disk', path, `40:339380 /proc/7/root${path}\n`, 'on disk'],
    ['another inode', path, `65024:9 /proc/7/root${path}\n`, 'replaced'],
    ['nobody knows what', path, '', 'unknown'],
  ])('is %s', (_, mapped, files, state) => {
    const belongings = belongingsIn(
      section('belongings', { maps: maps(mapped), files, cgroup: '/proc/7/cgroup:0::/x\n' }),
    );
    expect(belongings(7)).toEqual({ libc: { path, state }, libmesos: '', cgroups: ['0::/x'] });
  });

  it.each([
    ['/opt/mesosphere/lib/libmesos-1.0.3.so', '1.0.3'],
    ['/opt/mesosphere/packages/mesos--1.4.2/libexec/mesos/mesos-executor', '1.4.2'],
    ['/opt/mesosphere/packages/mesos--6bfac93420e14cebec27701ed547548fc4fba7bb/lib/libmesos.so', ''],
  ])('tells its version: %s', (file, version) => {
    expect(versionIn(file)).toBe(version);
  });
});

describe('the journal', () => {
  it.each([
    ['- journal 12 1', 'finished'],
    ['- journal 12 0', 'unfinished'],
    ['- journal 0 0', undefined],
    ['- journal', undefined],
  ])('%s', (line, expected) => {
    expect(recoveryIn(section('recovery', {}, [line]))).toBe(expected);
  });
});
