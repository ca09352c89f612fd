import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bastion } from '../../src/actions/action.ts';
import { failureOf, linesOf, times } from '../../src/actions/outcomes.ts';
import { REFUSED_ACTIONS } from '../../src/actions/refused.ts';
import { ACTIONS, findAction, refusedAction } from '../../src/actions/registry.ts';
import { act } from './machine.ts';

const here = { folder: '/' };

describe('actions that only talk', () => {
  const judged = (expression: string, value: boolean | string | number | readonly string[]) => ({ expression, value });

  it.each<[string, unknown, object]>([
    ['fail', {}, { failed: true, changed: false, msg: 'Failed as requested from task' }],
    ['fail', { msg: 'no' }, { failed: true, changed: false, msg: 'no' }],
    ['debug', { msg: 'hello' }, { changed: false, msg: 'hello' }],
    ['debug', { msg: [1, { a: null }] }, { changed: false, msg: [1, { a: null }] }],
    ['debug', { var: judged('a.b', 7) }, { changed: false, 'a.b': 7 }],
    ['debug', null, { changed: false, msg: 'Hello world!' }],
    [
      'debug',
      { msg: 'x', verbosity: '2' },
      { changed: false, skipped: true, skipped_reason: 'Verbosity threshold not met.' },
    ],
    ['assert', { that: judged('1==1', true) }, { changed: false, msg: 'All assertions passed' }],
    [
      'assert',
      { that: [judged('a', 'x'), judged('1==2', false)] },
      { changed: false, failed: true, assertion: '1==2', evaluated_to: false, msg: 'Assertion failed' },
    ],
    [
      'assert',
      { that: judged('[]', []), msg: 'oh', quiet: true },
      { changed: false, failed: true, assertion: '[]', evaluated_to: false, msg: 'oh' },
    ],
    ['assert', { that: judged('1', 1), success_msg: 'fine' }, { changed: false, msg: 'fine' }],
    [
      'set_fact',
      { a: '1', b: 'yes', c: { d: [true] } },
      { changed: false, ansible_facts: { a: '1', b: true, c: { d: [true] } } },
    ],
  ])('%s %j', async (name, params, result) => {
    expect(await act(name, params, here)).toEqual(result);
  });
});

describe('ping', () => {
  const silent: Partial<Bastion> = { icmp: async () => ({ kind: 'silent', why: 'no echo' }) };
  const noTool: Partial<Bastion> = { icmp: async () => ({ kind: 'no-tool', why: 'no ping here' }) };
  const closed: Partial<Bastion> = { tcp: async () => ({ kind: 'closed', why: 'refused' }) };

  it.each<[string, unknown, Partial<Bastion>, object]>([
    ['all answer', {}, {}, { changed: false, ping: 'pong', icmp: 'alive' }],
    ['data', { data: 'x' }, {}, { ping: 'x' }],
    ['crash', { data: 'crash' }, {}, { failed: true, msg: 'boom' }],
    ['no ICMP', {}, silent, { unreachable: true, msg: 'no answer to ICMP from 127.0.0.1: no echo' }],
    ['no ICMP, not asked', { icmp: 'never' }, silent, { ping: 'pong', icmp: 'not tried: icmp: never' }],
    ['no ping to try', {}, noTool, { ping: 'pong', icmp: 'not tried: no ping here' }],
    ['no ping, required', { icmp: 'required' }, noTool, { failed: true, msg: expect.stringContaining('no ping here') }],
    ['SSH port closed', {}, closed, { unreachable: true, msg: 'no connection to the SSH port, 127.0.0.1:22: refused' }],
  ])('%s', async (_, params, bastion, result) => {
    expect(await act('ping', params, { ...here, bastion })).toMatchObject(result);
  });

  it('a host that lets in and runs nothing', async () => {
    expect(
      await act('ping', {}, { ...here, shell: ['sh', '-c', 'echo "not available" >&2; exit 1', '--'] }),
    ).toMatchObject({ failed: true, msg: expect.stringContaining('not available') });
  });
});

describe('parameters', () => {
  it.each<[string, unknown, string, string]>([
    ['copy', { content: 'x', dest: '/d', setype: 'x' }, '', 'SELinux'],
    ['copy', { content: 'x', dest: '/d', mod: '0644' }, '', 'did you mean "mode"?'],
    ['copy', { dest: '/d' }, '', 'either `src` or `content`'],
    ['copy', { src: 'a', dest: '/d', remote_src: 'yes' }, 'remote_src', 'cp'],
    ['copy', { src: 'dir/', dest: '/d' }, 'src', 'folders'],
    ['copy', { src: 'a', dest: '/d', validate: 'true' }, 'validate', '%s'],
    ['copy', { src: 'a', dest: '/d', mode: 'rw' }, 'mode', '"0644"'],
    ['copy', { src: 'a', dest: '/d', backup: 'maybe' }, 'backup', 'yes or no'],
    ['file', { path: '/x', access_time: 'now' }, '', 'touch'],
    ['file', { path: '/x', dest: '/y' }, '', 'one parameter'],
    ['file', { path: '/x', state: 'link' }, 'state', '`src`'],
    ['file', { path: '/x', state: 'touch', recurse: true }, 'recurse', 'directory'],
    ['command', { cmd: 'a', argv: ['b'] }, '', 'either'],
    ['command', {}, '', 'no command'],
    ['command', { cmd: 'echo "a' }, 'cmd', 'not closed'],
    ['command', { cmd: 'a', executable: '/bin/sh' }, '', 'shell'],
    ['wait_for', { port: 80, path: '/x' }, '', 'both'],
    ['wait_for', { port: 'http' }, 'port', 'whole number'],
    ['wait_for', { port: 80, state: 'drained' }, 'state', 'drained'],
    ['wait_for', { path: '/x', search_regex: '(' }, 'search_regex', 'regular expression'],
    ['systemd', { name: 'a' }, '', 'at least one'],
    ['systemd', { state: 'started' }, 'name', 'required'],
    ['systemd', { name: 'a', state: 'started', scope: 'user' }, 'scope', 'system'],
    ['service', { name: 'a', state: 'started', pattern: 'x' }, '', 'pattern'],
    ['stat', { path: '/x', get_mime: true }, 'get_mime', 'no'],
    ['set_fact', { 'a-b': 1 }, 'a-b', 'not valid'],
    ['set_fact', { cacheable: true }, 'cacheable', 'as long as the run'],
    ['set_fact', {}, '', 'at least one'],
    ['debug', { msg: 'a', var: 'b' }, '', 'incompatible'],
    ['pause', { seconds: 1, minutes: 1 }, '', 'either'],
    ['meta', { action: 'refresh_inventory' }, 'action', 'plan'],
    ['meta', { action: 'oops' }, 'action', 'flush_handlers'],
    ['raw', { cmd: 'a', creates: '/x' }, '', '`shell`'],
    ['script', { cmd: 'a', decrypt: true }, '', 'vault'],
  ])('%s %j is refused', (name, params, path, message) => {
    const parsed = findAction(name)?.params.safeParse(params);
    const issues =
      parsed?.success === false ? parsed.error.issues.map((issue) => [issue.path.join('.'), issue.message]) : [];
    expect(issues).toContainEqual([path, expect.stringContaining(message)]);
  });

  it.each<[string, unknown, object]>([
    [
      'copy',
      { content: { b: 1, a: [true, null, 'é'] }, dest: '/d', force: 'no', owner: null },
      { content: '{"b": 1, "a": [true, null, "\\u00e9"]}', force: false },
    ],
    ['copy', { content: 5, dest: '/d', mode: 420 }, { content: '5', mode: 420 }],
    ['file', { name: '/x', mode: 420 }, { path: '/x', mode: 0o644 }],
    [
      'wait_for',
      { port: '80', timeout: '5' },
      { port: 80, timeout: 5, delay: 0, sleep: 1, connect_timeout: 5, host: '127.0.0.1' },
    ],
    ['systemd', { unit: 'a', 'daemon-reload': 1 }, { name: 'a', daemon_reload: true }],
    ['pause', { minutes: '1.5' }, { minutes: 1.5, echo: true }],
    ['meta', { action: 'noop' }, { action: 'noop' }],
    ['shell', { cmd: 'a', strip_empty_ends: 'off' }, { strip_empty_ends: false, stdin_add_newline: true }],
  ])('%s %j', (name, params, expected) => {
    expect(findAction(name)?.params.parse(params)).toMatchObject(expected);
  });

  it.each([...ACTIONS.values()].map((action) => [action.name, action] as const))(
    '%s has a JSON Schema that tells of every parameter',
    (_, action) => {
      const { properties = {} } = z.toJSONSchema(action.params, { io: 'input' });
      for (const [name, property] of Object.entries(properties))
        expect(property, name).toHaveProperty('description', expect.stringMatching(/.\.$/));
    },
  );
});

describe('names', () => {
  it('have prefixes or none', () => {
    expect(findAction('ansible.builtin.copy')).toBe(findAction('copy'));
    expect(findAction('ansible.legacy.shell')).toBe(findAction('shell'));
    expect(findAction('community.general.copy')).toBeUndefined();
    expect(findAction('toString')).toBeUndefined();
  });

  it('of Ansible’s that are not supported say what to use', () => {
    expect(refusedAction('ansible.builtin.template')).toMatch(/^"template" is not supported: .*copy/);
    expect(refusedAction('toString')).toBeUndefined();
    expect(refusedAction('copy')).toBeUndefined();
  });

  it('are either there or refused', () => {
    expect(Object.keys(REFUSED_ACTIONS).filter((name) => ACTIONS.has(name))).toEqual([]);
  });
});

describe('outcomes', () => {
  const none = { stdout: Buffer.from('half\n'), stderr: new Uint8Array() };

  it.each<[Parameters<typeof failureOf>[0], object | undefined]>([
    [{ kind: 'exited', code: 1, ...none }, undefined],
    [{ kind: 'signalled', signal: 'SIGKILL', ...none }, undefined],
    [{ kind: 'done' }, undefined],
    [{ kind: 'failed', reason: 'disk full' }, undefined],
    [
      { kind: 'timed_out', left: '', ...none },
      { failed: true, msg: 'took longer than its time limit of 2 s (`timeout:`) and was ended', stdout: 'half' },
    ],
    [
      { kind: 'timed_out', left: 'pid 7', ...none },
      { msg: expect.stringContaining('still running on the host: pid 7') },
    ],
    [
      { kind: 'timed_out', reason: 'half sent' },
      { failed: true, msg: expect.stringContaining('2 s') },
    ],
    [
      { kind: 'unreachable', reason: 'refused' },
      { unreachable: true, msg: 'refused' },
    ],
    [
      { kind: 'lost', reason: 'reset', ...none },
      { unreachable: true, msg: expect.stringContaining('whether it ran is not known') },
    ],
    [
      { kind: 'become_refused', reason: 'not in sudoers', ...none },
      { failed: true, msg: expect.stringContaining('not in sudoers') },
    ],
  ])('%j', (outcome, failure) => {
    if (failure === undefined) expect(failureOf(outcome, 2000)).toBeUndefined();
    else expect(failureOf(outcome, 2000)).toMatchObject(failure);
  });

  it('output as lines, as Python splits it', () => {
    expect([linesOf(''), linesOf('a\n\nb'), linesOf('a\r\nb\n')]).toEqual([[], ['a', '', 'b'], ['a', 'b']]);
  });

  it('times in Python’s formats', () => {
    const startedAt = new Date('2026-01-02T03:04:05.006Z');
    expect(
      times({ startedAt, endedAt: new Date(startedAt.getTime() + 90_061_007), outcome: { kind: 'done' } }),
    ).toEqual({
      start: '2026-01-02 03:04:05.006000',
      end: '2026-01-03 04:05:06.013000',
      delta: '1 day, 1:01:01.007000',
    });
  });
});
