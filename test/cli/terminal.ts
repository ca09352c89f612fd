import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, vi } from 'vitest';
import { main } from '../../src/cli.ts';
import type { Terminal } from '../../src/commands/terminal.ts';

/** What a command left behind it. */
export interface Ended {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** A folder of its own for one test, with these files; gone afterwards. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollgate-cli-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The command line in a folder, with nobody at the terminal. */
export async function rollgate(folder: string, ...argv: readonly string[]): Promise<Ended> {
  const printed = { out: '', err: '' };
  const exitCode = await main(argv, fakeTerminal(folder, printed));
  return { exitCode, ...printed };
}

function fakeTerminal(cwd: string, printed: { out: string; err: string }): Terminal {
  return {
    out: (text) => {
      printed.out += text;
    },
    err: (text) => {
      printed.err += text;
    },
    stdout: process.stdout,
    isInteractive: false,
    showsRows: false,
    colour: false,
    env: { HOME: cwd },
    cwd,
    readLine: () => Promise.reject(new Error('nobody is there to be asked')),
    onInterrupt: () => () => {},
    onHangup: () => () => {},
  };
}

/** From here on whoever connects fails, and is known of: gives how often that was tried. */
export function withoutNetwork(): () => number {
  const connect = vi.spyOn(Socket.prototype, 'connect').mockImplementation(() => {
    throw new Error('a connection was made where none may be');
  });
  return () => connect.mock.calls.length;
}
