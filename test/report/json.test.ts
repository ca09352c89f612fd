import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const CHILD = fileURLToPath(new URL('print-events.ts', import.meta.url));
const node = `"${process.execPath}" --import tsx "${CHILD}"`;

describe('the JSON stream', () => {
  it('is one object a line, whole, through a slow pipe', async () => {
    const { stdout } = await run('sh', ['-c', `${node} json | { read -r line; sleep 0.2; echo "$line"; cat; }`], {
      maxBuffer: 1e8,
    });
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(events.length).toBe(5000);
    expect(events[0]).toEqual({
      type: 'warning',
      at: '2026-11-21T07:15:00.000Z',
      message: expect.stringMatching(/^0 x/),
    });
  });

  it('ends quietly when its reader goes away, and the run goes on', async () => {
    const { stdout, stderr } = await run('sh', ['-c', `{ ${node} json; echo "code $?" >&2; } | head -n 1`]);
    expect(stdout.split('\n').length).toBe(2);
    expect(stderr).toBe('to its end\ncode 0\n');
  });
});
