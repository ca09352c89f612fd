import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal } from '../../src/journal/journal.ts';
import { readJournal } from '../../src/journal/read.ts';
import { at, begun, RUN, stamped } from './events.ts';

const CHILD = fileURLToPath(new URL('append-forever.ts', import.meta.url));

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  file = join(folder, 'run', 'journal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const events = stamped(RUN, begun(at('a')), begun(at('b')), begun(at('c')));
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('a journal file', () => {
  it('is nobody else’s business', async () => {
    const journal = await openJournal(file);
    await journal.close();
    expect([modeOf(join(folder, 'run')), modeOf(file)]).toEqual(['700', '600']);
  });

  it('has an event when its append has resolved, in the order of the calls', async () => {
    const journal = await openJournal(file);
    for (const event of events) {
      await journal.append(event);
      expect(readJournal(readFileSync(file))).toMatchObject({
        ok: true,
        events: events.slice(0, events.indexOf(event) + 1),
      });
    }
    const more = Array.from({ length: 500 }, (_, index) => stamped(begun(at(`host${index}`)))).flat();
    await Promise.all(more.map((event) => journal.append(event)));
    await journal.close();
    expect(readJournal(readFileSync(file))).toEqual({ ok: true, events: [...events, ...more], tornBytes: 0 });
  });

  it('goes on behind the last whole line', async () => {
    const first = await openJournal(file);
    await Promise.all(events.map((event) => first.append(event)));
    await first.close();
    const torn = `{"type":"warning","message":"${'☃'.repeat(50_000)}`;
    appendFileSync(file, torn);
    const second = await openJournal(file);
    expect(second.tornBytes).toBe(Buffer.byteLength(torn));
    await second.append(stamped(RUN)[0] ?? expect.fail());
    await second.close();
    expect(readJournal(readFileSync(file))).toEqual({ ok: true, events: [...events, ...stamped(RUN)], tornBytes: 0 });
  });

  it('cuts away all of a file that never had a whole line', async () => {
    await (await openJournal(file)).close();
    appendFileSync(file, '{"ty');
    const journal = await openJournal(file);
    await journal.close();
    expect([journal.tornBytes, statSync(file).size]).toEqual([4, 0]);
  });

  it('takes nothing after it was closed', async () => {
    const journal = await openJournal(file);
    await journal.close();
    await expect(journal.append(stamped(RUN)[0] ?? expect.fail())).rejects.toThrow('closed');
  });

  it('holds everything that was said to be on disk when its process is killed', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', CHILD, file, '1000000']);
    let said = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      said = Number(line);
      if (said > 200) child.kill('SIGKILL');
    }
    const read = readJournal(readFileSync(file));
    expect(read.ok).toBe(true);
    expect(read.events.length).toBeGreaterThanOrEqual(said);
    expect(read.events.map((event) => (event.type === 'warning' ? event.message : ''))).toEqual(
      read.events.map((_, index) => `${index}`),
    );
  });

  it('refuses everything after the disk is full, with the same words, and writes nothing behind the gap', async () => {
    const command = `ulimit -f 16; exec "$0" --import tsx "$@"`;
    const child = spawn('sh', ['-c', command, process.execPath, CHILD, file, '100000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    expect(lines.at(-1)).toMatch(/^failed true the journal .*journal\.jsonl cannot be written .*resume/);
    const read = readJournal(readFileSync(file));
    expect(read.ok).toBe(true);
    expect(read.events.length).toBeGreaterThanOrEqual(Number(lines.at(-2)));
    expect(JSON.stringify(read.events)).not.toContain('later');
  });
});
