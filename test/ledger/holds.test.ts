import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Acquired, type HoldOwner, Holds, holderOf } from '../../src/ledger/holds.ts';
import { thisProcess } from '../../src/ledger/process.ts';

let parent = '';
let folder = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'holds-'));
  folder = join(parent, 'holds');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const me: HoldOwner = {
  run: 'mine',
  user: 'ada',
  since: '2026-11-21T07:15:00.000Z',
  playbook: 'site.yml',
  ...thisProcess(),
};
const dead: HoldOwner = { ...me, run: 'dead', pid: 2 ** 22 + 1 };
const other: HoldOwner = { ...me, run: 'other' };

describe('a hold', () => {
  it('is refused with who has it and since when', () => {
    const first = new Holds(folder);
    expect(first.acquire(['10.0.0.1:22', '10.0.0.2:22'], me)).toMatchObject({
      held: ['10.0.0.1:22', '10.0.0.2:22'],
      refused: [],
    });
    expect(new Holds(folder).acquire(['10.0.0.2:22', '10.0.0.3:22'], other)).toMatchObject({
      held: ['10.0.0.3:22'],
      refused: [{ key: '10.0.0.2:22', owner: me }],
    });
  });

  it('is had once when two names mean one host', () => {
    expect(new Holds(folder).acquire(['h:22', 'h:22'], me)).toMatchObject({ held: ['h:22'], refused: [] });
  });

  it('can be had again when it was let go', () => {
    const first = new Holds(folder);
    first.acquire(['h:22'], me);
    first.release();
    first.release();
    expect(new Holds(folder).acquire(['h:22'], other).held).toEqual(['h:22']);
  });

  it('leaves nothing behind', () => {
    const holds = new Holds(folder);
    holds.acquire(['h:22', 'i:22'], me);
    expect(readdirSync(folder).length).toBe(2);
    holds.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each<[string, Partial<HoldOwner>]>([
    ['is gone', { pid: dead.pid }],
    ['is another one with the same pid', { startTime: '1' }],
    ['ran before the machine was started anew', { bootId: 'another', pid: process.pid }],
  ])('is taken over when its process %s', (_, difference) => {
    new Holds(folder).acquire(['h:22'], { ...me, run: 'dead', ...difference });
    expect(new Holds(folder).acquire(['h:22'], me).held).toEqual(['h:22']);
    expect(new Holds(folder).acquire(['h:22'], other).refused).toMatchObject([{ key: 'h:22', owner: me }]);
  });

  it('is told of when it is taken over', () => {
    new Holds(folder).acquire(['h:22', 'i:22'], dead);
    expect(new Holds(folder).acquire(['h:22', 'j:22'], me).takenOver).toEqual([{ key: 'h:22', owner: dead }]);
  });

  it('of a run that died is told of until that run has gone on and come to an end', () => {
    new Holds(folder).acquire(['h:22', 'i:22'], dead);
    const between = new Holds(folder);
    expect(between.acquire(['h:22'], other).takenOver).toEqual([{ key: 'h:22', owner: dead }]);
    between.release();
    const resumed = new Holds(folder);
    expect(resumed.acquire(['h:22', 'i:22', 'j:22'], { ...me, run: 'dead' }).held).toEqual(['h:22', 'i:22', 'j:22']);
    resumed.release();
    for (let times = 0; times < 3; times++) {
      const later = new Holds(folder);
      expect(later.acquire(['h:22', 'i:22'], me)).toEqual({ held: ['h:22', 'i:22'], refused: [], takenOver: [] });
      expect(new Holds(folder).acquire(['h:22'], other).refused).toMatchObject([{ key: 'h:22', owner: me }]);
      later.release();
    }
    expect(readdirSync(folder)).toHaveLength(4);
  });

  it('says when its holder last gave a sign of life', () => {
    const first = new Holds(folder);
    first.acquire(['h:22', 'i:22'], me);
    first.acquire(['j:22'], me);
    first.beat(new Date('2026-11-21T09:00:00.000Z'));
    const { refused } = new Holds(folder).acquire(['h:22', 'i:22', 'j:22'], other);
    expect(refused.map(({ seen }) => seen)).toEqual(Array.from({ length: 3 }, () => '2026-11-21T09:00:00.000Z'));
    first.release();
    first.beat(new Date());
  });

  it('is told to whoever only wants to know', () => {
    expect(holderOf('h:22', folder)).toBeUndefined();
    const first = new Holds(folder);
    first.acquire(['h:22'], me);
    expect(holderOf('h:22', folder)).toEqual(me);
    expect(holderOf('i:22', folder)).toBeUndefined();
    first.release();
    new Holds(folder).acquire(['h:22'], dead);
    expect(holderOf('h:22', folder)).toBeUndefined();
  });

  it('is kept for a process that cannot be judged from here', () => {
    const elsewhere = { ...dead, pidNamespace: 'pid:[1]' };
    new Holds(folder).acquire(['h:22'], elsewhere);
    expect(new Holds(folder).acquire(['h:22'], me).refused).toMatchObject([{ key: 'h:22', owner: elsewhere }]);
  });

  it('is kept where /proc knows no start times', () => {
    const { startTime: _, bootId: __, ...bare } = { ...me, run: 'bare' };
    new Holds(folder).acquire(['h:22'], bare);
    expect(new Holds(folder).acquire(['h:22'], me).refused).toMatchObject([{ key: 'h:22', owner: bare }]);
  });

  it('is held on 600 hosts', () => {
    const keys = Array.from({ length: 600 }, (_, index) => `10.0.${index >> 8}.${index & 255}:22`);
    const holds = new Holds(folder);
    expect(holds.acquire(keys, me).held).toEqual(keys);
    expect(new Holds(folder).acquire(keys, other).refused.length).toBe(600);
    holds.release();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('the folder of holds', () => {
  it('is open to all, and nobody can take another’s hold away', () => {
    new Holds(folder).acquire(['h:22'], me);
    expect((statSync(folder).mode & 0o7777).toString(8)).toBe('1777');
    expect(readdirSync(folder).map((name) => (statSync(join(folder, name)).mode & 0o777).toString(8))).toEqual(['644']);
  });

  it.each<[string, (at: string) => void]>([
    ['a link', (at) => symlinkSync('/', at)],
    ['a file', (at) => writeFileSync(at, '')],
    ['closed to others', (at) => mkdirSync(at, { mode: 0o700 })],
    [
      'without its sticky bit',
      (at) => {
        mkdirSync(at);
        chmodSync(at, 0o777);
      },
    ],
  ])('is not used when it is %s', (_, make) => {
    make(folder);
    expect(() => new Holds(folder)).toThrow(/must be a folder with mode 1777.*remove it/s);
  });

  it.each<[string, (hold: string, precious: string) => void]>([
    ['a link to a file', (hold, precious) => symlinkSync(precious, hold)],
    ['a link to nowhere', (hold) => symlinkSync('/nowhere', hold)],
    ['a pipe', (hold) => void execFileSync('mkfifo', [hold])],
    ['a folder', (hold) => mkdirSync(hold)],
    ['text', (hold) => writeFileSync(hold, 'hello')],
    ['another’s JSON', (hold) => writeFileSync(hold, '{"pid":-1}')],
    ['very large', (hold) => writeFileSync(hold, '['.repeat(1_000_000))],
  ])('may hold junk where a hold would be: %s', (_, make) => {
    const precious = join(parent, 'precious');
    writeFileSync(precious, 'precious');
    const holds = new Holds(folder);
    holds.acquire(['h:22'], me);
    const name = join(folder, readdirSync(folder)[0] ?? expect.fail());
    holds.release();
    make(name, precious);
    expect(holds.acquire(['h:22'], me).held).toEqual(['h:22']);
    expect(new Holds(folder).acquire(['h:22'], other).refused).toMatchObject([{ key: 'h:22', owner: me }]);
    expect(readFileSync(precious, 'utf8')).toBe('precious');
  });
});

class Contender {
  readonly child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor() {
    const file = fileURLToPath(new URL('contender.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', file, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child = child;
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  order(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  async answer(): Promise<Acquired> {
    const { value } = await this.#answers.next();
    return JSON.parse(value) as Acquired;
  }
}

describe('runs that race', () => {
  it('for the same hosts, some of them with holds of dead runs, each get what no other gets', {
    timeout: 120_000,
  }, async () => {
    new Holds(folder);
    const contenders = [new Contender(), new Contender(), new Contender(), new Contender()];
    const all = <T>(act: (each: Contender) => T) => Promise.all(contenders.map(act));
    await all((each) => each.answer());
    for (let round = 0; round < 150; round++) {
      const keys = Array.from({ length: 20 }, (_, index) => `host${index}:${round % 15}`);
      if (round % 3 === 0) new Holds(folder).acquire(keys.slice(0, 15), dead);
      // Each begins elsewhere, so that each key has its own race.
      contenders.forEach((each, index) => {
        each.order(`acquire ${[...keys.slice(index * 5), ...keys.slice(0, index * 5)].join(' ')}`);
      });
      const answers = await all((each) => each.answer());
      expect(answers.flatMap(({ held }) => held).sort(), `round ${round}`).toEqual([...keys].sort());
      contenders.forEach((each) => {
        each.order('release');
      });
      await all((each) => each.answer());
    }
    for (const { child } of contenders) child.stdin?.end();
  });

  it('and let go at once, are never two with one host', { timeout: 120_000 }, async () => {
    const contenders = [new Contender(), new Contender(), new Contender()];
    await Promise.all(contenders.map((each) => each.answer()));
    const holders = new Set<Contender>();
    let most = 0;
    await Promise.all(
      contenders.map(async (each) => {
        for (let round = 0; round < 300; round++) {
          each.order('acquire h:22');
          const { held } = await each.answer();
          if (held.length === 0) continue;
          // Between the answer and the order to let go nobody else may be told that it holds the host.
          holders.add(each);
          most = Math.max(most, holders.size);
          await new Promise(setImmediate);
          holders.delete(each);
          each.order('release');
          await each.answer();
        }
      }),
    );
    expect(most).toBe(1);
    for (const { child } of contenders) child.stdin?.end();
  });

  it('leave what a killed one held to the next', async () => {
    const killed = new Contender();
    await killed.answer();
    killed.order('acquire h:22');
    expect((await killed.answer()).held).toEqual(['h:22']);
    expect(new Holds(folder).acquire(['h:22'], me).refused[0]?.owner.pid).toBe(killed.child.pid);
    const exited = new Promise((resolve) => killed.child.once('exit', resolve));
    killed.child.kill('SIGKILL');
    await exited;
    expect(new Holds(folder).acquire(['h:22'], me).held).toEqual(['h:22']);
  });
});
