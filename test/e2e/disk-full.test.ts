import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { missing, sshdMissing } from '../sshd/sshd.ts';
import { type Desk, ended, held } from './desk.ts';
import { deskForEach } from './desks.ts';

const PLAYBOOK = `
- name: Roll
  hosts: all
  tasks:
    - window:
        name: outage
      block:
        - name: shut
          shell: echo shut >> {{ site }}/a; ${held('{{ site }}/go')}
      must_finish:
        - name: restart
          shell: echo restart >> {{ site }}/a; head -c 9000 /dev/zero | tr '\\0' x
    - name: last
      shell: echo last >> {{ site }}/a
`;

/** Only root can mount, and not in every container. */
function mountMissing(): string | undefined {
  const able = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
  return able ? undefined : missing('nothing can be mounted here: the test with a full disk is left out');
}

/** Writes until nothing more goes in. */
function fill(file: string): void {
  const fd = openSync(file, 'w');
  try {
    for (const size of [4096, 1]) for (;;) if (!fits(fd, size)) break;
  } finally {
    closeSync(fd);
  }
}

function fits(fd: number, size: number): boolean {
  try {
    return writeSync(fd, Buffer.alloc(size)) === size;
  } catch {
    return false;
  }
}

describe.skipIf(sshdMissing() || mountMissing())('a disk that is full', () => {
  let desk: Desk;
  deskForEach(['a ansible_host=127.2.0.1'], (given) => {
    desk = given;
    mkdirSync(desk.state);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', desk.state]);
  });
  afterEach(async () => {
    execFileSync('umount', ['--lazy', desk.state]);
    await desk.close();
  });

  it('stops admissions, lets the window finish, says so, and the run goes on when there is room', async () => {
    const call = desk.play(PLAYBOOK);
    await call.printed('held');
    fill(join(desk.state, 'filler'));
    // The page that the journal has begun takes some lines more; what the host prints last is longer than that.
    desk.release('go');
    const { code, events, stderr } = await ended(call);
    expect(code).toBe(1);
    expect(events.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/journal\.jsonl cannot be written \(ENOSPC.*nothing more is started; make room/),
    );
    expect(stderr).toContain('the summary could not be saved');
    expect(desk.left('a')).toBe('shut\nrestart\n');

    rmSync(join(desk.state, 'filler'));
    const again = await ended(desk.resume(['--assume-done', '--reason', 'the log says so']));
    expect(again.code).toBe(0);
    expect(desk.left('a')).toBe('shut\nrestart\nlast\n');
  });
});
