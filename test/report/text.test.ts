import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, cut, filled } from '../../src/report/columns.ts';
import { duration, elapsed } from '../../src/report/durations.ts';
import { logFileName } from '../../src/report/log-file.ts';
import { printable, printableLine } from '../../src/report/printable.ts';
import { reasonOf } from '../../src/report/reason.ts';
import type { ValueMap } from '../../src/source/value.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
);

describe('printable text', () => {
  it.each([
    ['\x1b[2J\x1b]0;title\x07', '\\x1b[2J\\x1b]0;title\\x07'],
    ['10%\r20%', '10%\\r20%'],
    ['a\tb\nc', 'a\tb\nc'],
    ['\x9b31m', '\\x9b31m'],
    ['user\u202egnp.exe', 'user\\u202egnp.exe'],
    ['half \ud83d of one', 'half \\ud83d of one'],
    ['🚒 検証 é', '🚒 検証 é'],
    ['invalid \ufffd', 'invalid \ufffd'],
  ])('%j is shown as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('holds nothing that could move a cursor', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(printableLine(text)).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
        expect(Buffer.from(printable(text)).toString()).toBe(printable(text));
      }),
    );
  });
});

describe('columns', () => {
  it.each([
    ['agent', 5],
    ['検証', 4],
    ['e\u0301', 1],
    ['🚒', 2],
    ['👩‍🚒', 2],
    ['⚠️', 2],
    ['ｆ', 2],
    ['’…✔', 3],
    ['\u200b', 0],
  ])('%j takes %d', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it.each([
    ['restart', 7, 'restart'],
    ['restarting', 7, 'restar…'],
    ['検証検証', 6, '検証…'],
    ['検証検証', 5, '検証…'],
    ['検証検証', 4, '検…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('%j cut to %d is %j', (text, columns, kept) => {
    expect(cut(text, columns)).toBe(kept);
  });

  it('are exactly as many as were asked for', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 40 }), (text, columns) => {
        expect(columnsOf(filled(printableLine(text), columns))).toBe(columns);
      }),
    );
  });
});

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [312.4, '312 ms'],
    [4_240, '4.2 s'],
    [9_949, '9.9 s'],
    [9_951, '10 s'],
    [59_600, '1 min'],
    [192_000, '3 min 12 s'],
    [7_500_000, '2 h 5 min'],
  ])('%d ms reads %j', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
  ])('a clock at %d ms reads %j', (ms, text) => {
    expect(elapsed(ms)).toBe(text);
  });
});

describe('the name of a host’s log', () => {
  it.each([
    ['agent001.example.com', 'agent001.example.com.log'],
    ['../../etc/passwd', '%2E.%2F..%2Fetc%2Fpasswd.log'],
    ['..', '%2E..log'],
    ['-rf', '%2Drf.log'],
    ['fe80::1%eth0', 'fe80%3A%3A1%25eth0.log'],
    ['a b\n', 'a%20b%0A.log'],
  ])('of %j is %j', (host, name) => {
    expect(logFileName(host)).toBe(name);
  });

  it('is safe, and another one for every host', () => {
    const long = fc.string({ minLength: 150, maxLength: 400, unit: fc.constantFrom('a', '~', 'é', '/') });
    fc.assert(
      fc.property(fc.uniqueArray(fc.oneof(anyText, long), { maxLength: 30 }), (hosts) => {
        const names = hosts.map(logFileName);
        for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_%~][A-Za-z0-9_%~.-]{0,200}\.log$/);
        expect(new Set(names).size).toBe(hosts.length);
      }),
    );
  });
});

describe('the reason', () => {
  it.each<[ValueMap, string]>([
    [{ msg: 'no such unit' }, 'no such unit'],
    [
      { msg: 'non-zero return code', rc: 2, stderr: '\nls: cannot access /x\nmore', stdout: 'out' },
      'exit code 2: ls: cannot access /x',
    ],
    [{ msg: 'non-zero return code', rc: 2, stderr: '', stdout: 'DOWN\n' }, 'exit code 2: DOWN'],
    [{ msg: 'non-zero return code', rc: 2 }, 'exit code 2'],
    [{ msg: ['a', 'list'] }, '["a","list"]'],
    [{}, 'no reason was given'],
    [{ censored: 'hidden', rc: 1 }, 'hidden by no_log'],
    [
      { msg: 'One or more items failed', results: [{ item: 'a' }, { item: { k: 1 }, failed: true, msg: 'broken' }] },
      'item {"k":1}: broken',
    ],
    [{ msg: '\x1b[31mred\x1b[0m' }, '\\x1b[31mred\\x1b[0m'],
  ])('in %j is %j', (result, reason) => {
    expect(reasonOf(result)).toBe(reason);
  });
});
