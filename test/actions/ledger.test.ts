import { spawnSync } from 'node:child_process';
import {
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
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bastion, Result } from '../../src/actions/action.ts';
import type { Note } from '../../src/actions/ledger/note.ts';
import { act, leaveOut, onEveryShell, type Shell } from './machine.ts';

const NOW = new Date('2026-11-21T12:00:00.000Z');
const clock = { monotonic: () => 0, now: () => NOW, sleep: async () => undefined };
const at = (hours: number) => new Date(NOW.getTime() + hours * 3_600_000).toISOString();
const BOOT = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  mkdirSync(join(folder, 'lib'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = () => join(folder, 'lib/rollgate/ledger');
const notesOnHost = () =>
  readFileSync(file(), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** The host's /var/lib is a folder of the test's own: what is written there is nobody else's. */
function apart(shell: Shell): Shell {
  const inner = shell.map((word) => `'${word}'`).join(' ');
  const text = `mount --bind '${folder}/lib' /var/lib && exec ${inner} "$@"`;
  return ['unshare', '-m', '/bin/sh', '-c', text, 'sh'];
}

interface Known {
  readonly note?: Note;
  readonly seenAt?: Date;
}

function on(shell: Shell, { note, seenAt }: Known = {}) {
  const ledger: Bastion['ledger'] = { latest: () => ({ ok: true, facts: note }), seenAt: () => seenAt };
  return (name: string, params: object): Promise<Result> =>
    act(name, params, { folder, shell: apart(shell), clock, bastion: { ledger } });
}

const good = (hoursLeft: number, more: Partial<Note> = {}): Note =>
  ({
    state: 'good',
    name: 'agent-links',
    at: at(-1),
    renewedAt: at(hoursLeft - 120),
    until: at(hoursLeft),
    measured: false,
    run: 'r',
    ...more,
  }) as Note;

const isPossible = spawnSync('unshare', ['-m', 'true']).status === 0;
if (!isPossible) describe('the ledger’s actions', () => leaveOut('a /var/lib of its own needs root'));

onEveryShell((shell) => {
  describe.runIf(isPossible)('ledger_renew', () => {
    it('notes on the host until when it holds, for root alone, and hands it to the engine', async () => {
      const result = await on(shell)('ledger_renew', { name: 'agent-links', good_for: '5d' });
      const until = at(120);
      expect(result).toMatchObject({ changed: true, until, renewed_at: at(0), remaining: 432_000, measured: false });
      const note = { state: 'good', name: 'agent-links', at: at(0), renewedAt: at(0), until, boot: BOOT };
      expect(result.ledger).toMatchObject(note);
      expect(notesOnHost()).toEqual([result.ledger]);
      expect(statSync(file()).mode & 0o777).toBe(0o600);
      expect(readdirSync(join(folder, 'lib/rollgate')).filter((name) => /^ledger\.\d/.test(name))).toEqual([]);
    });

    it('keeps what is noted there under other names, and what nobody can read', async () => {
      mkdirSync(join(folder, 'lib/rollgate'));
      const other = JSON.stringify(good(3, { name: 'other' }));
      writeFileSync(file(), `${JSON.stringify(good(2))}\n${other}\nhello\n`);
      const result = await on(shell)('ledger_renew', { name: 'agent-links', good_for: '5d' });
      expect(readFileSync(file(), 'utf8')).toBe(`${other}\nhello\n${JSON.stringify(result.ledger)}\n`);
    });

    it('keeps what is noted at the same time under other names', async () => {
      const names = ['a', 'b', 'c', 'd', 'agent-links', 'agentXlinks', 'links'];
      const results = await Promise.all(names.map((name) => on(shell)('ledger_renew', { name, good_for: '5d' })));
      expect(results.map(({ failed }) => failed)).toEqual(names.map(() => undefined));
      expect(
        notesOnHost()
          .map(({ name }) => name)
          .toSorted(),
      ).toEqual(names.toSorted());
    });

    it.each<[string, object, string, boolean]>([
      ['the policy', { good_for: '5d' }, at(120), false],
      ['the host’s own shorter time, in seconds', { good_for: '5d', at_most: 86_400 }, at(24), false],
      ['the policy, where the host’s own is longer', { good_for: '5d', at_most: '864000' }, at(120), false],
      ['what was measured', { good_for: '5d', at_most: 86_400, measured: 30 * 3600 }, at(30), true],
      ['the least that was measured', { good_for: '5d', measured: [432_000, '60', 90] }, at(1 / 60), true],
      ['the policy, where more was measured', { good_for: '5d', measured: 720_000 }, at(120), true],
      [
        'what is computed, where nothing could be read',
        { good_for: '5d', at_most: 86_400, measured: [] },
        at(24),
        false,
      ],
    ])('takes %s', async (_, params, until, measured) => {
      const result = await on(shell)('ledger_renew', { name: 'agent-links', ...params });
      expect(result).toMatchObject({ until, measured });
    });

    it('counts from what was seen before a break, not from after it', async () => {
      const seenAt = new Date(at(-7));
      const result = await on(shell, { seenAt })('ledger_renew', { name: 'agent-links', good_for: '5d' });
      expect(result).toMatchObject({ renewed_at: at(-7), until: at(113) });
    });

    it('notes nothing that has run out already', async () => {
      const params = { name: 'agent-links', good_for: '5d', measured: [3600, 0] };
      const result = await on(shell)('ledger_renew', params);
      expect(result).toMatchObject({ failed: true, changed: false });
      expect(result.msg).toContain('run out already');
      expect([result.ledger, existsSync(file())]).toEqual([undefined, false]);
    });

    it('fails, and says why, where the host cannot keep it', async () => {
      writeFileSync(join(folder, 'lib/rollgate'), 'in the way');
      const result = await on(shell)('ledger_renew', { name: 'agent-links', good_for: '5d' });
      expect(result).toMatchObject({ failed: true });
      expect(result.msg).toMatch(/^writing \/var\/lib\/rollgate\/ledger on the host: ./);
      expect(result.ledger).toBeUndefined();
    });
  });

  describe.runIf(isPossible)('ledger_close', () => {
    it('ends it, here and on the host', async () => {
      await on(shell)('ledger_renew', { name: 'agent-links', good_for: '5d' });
      const result = await on(shell)('ledger_close', { name: 'agent-links' });
      expect(result.ledger).toMatchObject({ state: 'closed', name: 'agent-links', at: at(0) });
      expect(notesOnHost()).toEqual([result.ledger]);
    });
  });

  describe.runIf(isPossible)('require_ledger', () => {
    const ask = (known: Known, params: object = {}) =>
      on(shell, known)('require_ledger', { name: 'agent-links', ...params });

    it('lets a host on whose time suffices, and registers the figures', async () => {
      const result = await ask({ note: good(3) }, { remaining: '2h' });
      expect(result).toMatchObject({ changed: false, until: at(3), remaining: 10_800, measured: false });
      expect(result.refused).toBeUndefined();
      expect(result.msg).toBe(`agent-links: 3 h left, 2 h needed (until ${at(3)}, computed)`);
      expect(result.checks?.map(({ passed }) => passed)).toEqual([true, true]);
    });

    it.each<[string, Note | undefined, RegExp]>([
      ['less left than needed', good(1), /1 h left, 2 h needed/],
      ['nothing left', good(-3), /ran out 3 h ago, 2 h needed/],
      ['closed', { state: 'closed', name: 'agent-links', at: at(-1), run: 'r' }, /closed at .* by run r/],
      ['unknown', undefined, /no such entry, neither here nor on the host/],
      ['renewed in the future', good(130), /renewed 10 h in the future by run r: its clock was wrong/],
    ])('refuses a host with %s, and says what renews it', async (_, note, why) => {
      const result = await ask(note === undefined ? {} : { note }, {
        remaining: '2h',
        renew: 'rollgate run renew.yml',
      });
      expect(result).toMatchObject({ changed: false, refused: true });
      expect(result.msg).toMatch(why);
      expect(result.msg).toMatch(/To renew it: rollgate run renew\.yml$/);
    });

    it('finds on the host what another bastion has noted; the later word counts', async () => {
      await on(shell)('ledger_renew', { name: 'agent-links', good_for: '5d' });
      expect(await ask({})).toMatchObject({ until: at(120) });
      expect(await ask({ note: good(-3) })).toMatchObject({ until: at(120) });
      const later: Note = { state: 'closed', name: 'agent-links', at: at(1), run: 'r' };
      expect(await ask({ note: later })).toMatchObject({ refused: true });
    });

    it('fails where the ledger cannot be read: that is no answer', async () => {
      const ledger: Bastion['ledger'] = {
        latest: () => ({ ok: false, message: 'no ledger' }),
        seenAt: () => undefined,
      };
      const machine = { folder, shell: apart(shell), clock, bastion: { ledger } };
      const result = await act('require_ledger', { name: 'agent-links' }, machine);
      expect(result).toMatchObject({ failed: true, msg: 'no ledger' });
    });

    it('says that the host was started anew since', async () => {
      expect(await ask({ note: good(3, { boot: BOOT }) })).toMatchObject({ rebooted: false });
      expect(await ask({ note: good(3, { boot: 'another' }) })).toMatchObject({ rebooted: true });
    });
  });
});

describe('the parameters', () => {
  it.each<[string, object, RegExp]>([
    ['ledger_renew', { name: 'a b', good_for: '5d' }, /name: must be a word/],
    ['ledger_renew', { name: 'a', good_for: 'soon' }, /good_for: "soon" is not a duration/],
    ['ledger_renew', { name: 'a', good_for: '5d', measured: ['none'] }, /measured: must be seconds/],
    ['require_ledger', { remaining: '2h' }, /name/],
  ])('%s refuses %j', async (name, params, why) => {
    await expect(act(name, params, { folder })).rejects.toThrow(why);
  });
});
