import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Stamped } from '../../src/journal/event.ts';
import { journalLine } from '../../src/journal/lines.ts';
import { readJournal } from '../../src/journal/read.ts';
import { at, begun, ended, RUN, stamped } from './events.ts';

const bytesOf = (events: readonly Stamped[]) => Buffer.from(events.map(journalLine).join(''));

const someEvents = fc
  .array(fc.record({ host: fc.string({ unit: 'binary' }), text: fc.string({ unit: 'grapheme' }) }), { maxLength: 6 })
  .map((steps) =>
    stamped(
      RUN,
      ...steps.map(({ host, text }) => ended(at(host), 'failed', { result: { msg: `${text}\n☃ 検証 🚒` } })),
    ),
  );

describe('a journal', () => {
  it('replays every prefix of its bytes, cut at any of them', () => {
    fc.assert(
      fc.property(someEvents, (events) => {
        const bytes = bytesOf(events);
        const ends = events.map((_, index) => bytesOf(events.slice(0, index + 1)).length);
        for (let cut = 0; cut <= bytes.length; cut++) {
          const whole = ends.filter((end) => end <= cut).length;
          const torn = cut - (ends[whole - 1] ?? 0);
          expect(readJournal(bytes.subarray(0, cut))).toEqual({
            ok: true,
            events: events.slice(0, whole),
            tornBytes: torn,
          });
        }
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ['no JSON', '{"type":', 'cannot be read'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'cannot be read'],
    ['zero bytes', Buffer.alloc(40), 'zero bytes'],
    ['nothing', '', 'cannot be read'],
    ['no object', '[]', 'not an event'],
    ['no time', '{"type":"warning","message":"m"}', 'no time'],
    ['a time that is none', '{"type":"warning","at":"soon","message":"m"}', 'no time'],
    ['an event of another version', '{"type":"host_cloned","at":"2026-11-21T07:15:00.000Z"}', '"host_cloned"'],
    ['a name that every object has', '{"type":"constructor","at":"2026-11-21T07:15:00.000Z"}', '"constructor"'],
    ['another version', '{"type":"run_started","version":2,"at":"2026-11-21T07:15:00.000Z"}', 'version 2'],
  ])('names the line that is broken and gives what stands before it: %s', (_, line, reason) => {
    const before = stamped(RUN, begun(at('a')));
    const bytes = Buffer.concat([bytesOf(before), Buffer.from(line), Buffer.from('\n'), bytesOf(before)]);
    expect(readJournal(bytes)).toEqual({ ok: false, events: before, line: 3, reason: expect.stringContaining(reason) });
  });
});
