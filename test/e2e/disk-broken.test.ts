import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { missing, sshdMissing } from '../sshd/sshd.ts';
import { type Desk, ended, held, outcomes } from './desk.ts';
import { deskForEach } from './desks.ts';

const PLAYBOOK = `
- name: Roll
  hosts: all
  serial: 1
  tasks:
    - window:
        name: outage
      block:
        - name: shut
          shell: echo shut >> {{ site }}/{{ inventory_hostname }}; ${held('{{ site }}/go')}
      must_finish:
        - name: restart
          shell: echo restart >> {{ site }}/{{ inventory_hostname }}
    - name: last
      shell: echo last >> {{ site }}/{{ inventory_hostname }}
`;

/** A file system of its own, in a file, that can be broken as a disk breaks. */
class Disk {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rollgate-disk-'));
  #image = join(this.#folder, 'image');
  readonly #at: string;

  constructor(at: string) {
    this.#at = at;
    writeFileSync(this.#image, '');
    truncateSync(this.#image, 8 * 1024 * 1024);
    execFileSync('mkfs.ext4', ['-q', this.#image]);
    this.#mount();
  }

  #mount(): void {
    execFileSync('mount', ['-o', 'loop', this.#image, this.#at]);
  }

  /** Another disk with what was on this one, which other mount namespaces may still hold on to. */
  replace(): void {
    const copy = `${this.#image}-copied`;
    copyFileSync(this.#image, copy);
    this.unmount();
    this.#image = copy;
    this.#mount();
  }

  /** From now on each access ends with an I/O error: EXT4_IOC_SHUTDOWN, without writing anything back. */
  fail(): void {
    execFileSync('perl', [
      '-e',
      'open F, $ARGV[0] or die; my $how = pack("L", 2); ioctl(F, 0x8004587d, $how) or die',
      this.#at,
    ]);
  }

  unmount(): void {
    execFileSync('umount', ['--lazy', this.#at]);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Only root can mount, and there are no loop devices in every container. */
function diskMissing(): string | undefined {
  const at = mkdtempSync(join(tmpdir(), 'rollgate-mount-'));
  try {
    const disk = new Disk(at);
    disk.unmount();
    disk.remove();
    return undefined;
  } catch (error) {
    return missing(`no file can be mounted here, so the test with a broken disk is left out: ${error}`);
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}

describe.skipIf(sshdMissing() || diskMissing())('a disk that breaks', () => {
  let desk: Desk;
  let disk: Disk;
  deskForEach(['a ansible_host=127.2.0.1', 'b ansible_host=127.2.0.2'], (given) => {
    desk = given;
    mkdirSync(desk.state);
    disk = new Disk(desk.state);
  });
  afterEach(async () => {
    disk.unmount();
    await desk.close();
    disk.remove();
  });

  it('stops admissions, lets the window finish, says so, and the run goes on when it is repaired', async () => {
    const call = desk.play(PLAYBOOK);
    await call.printed('held');
    disk.fail();
    desk.release('go');
    const { code, events, stderr } = await ended(call);
    expect([code, outcomes(events)]).toEqual([1, ['a restart changed', 'a shut changed']]);
    expect(events.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/journal\.jsonl cannot be written \(EIO.*nothing more is started; .*repair the disk/),
    );
    expect(stderr).toContain('the summary could not be saved');
    expect([desk.left('a'), desk.left('b')]).toEqual(['shut\nrestart\n', '']);

    disk.replace();
    const again = await ended(desk.resume(['--assume-done', '--reason', 'seen on the host']));
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(desk.left('b')).toBe('shut\nrestart\nlast\n');
    expect(desk.left('a')).toMatch(/^shut\nrestart\n(restart\n)?last\n$/);
  });
});
