import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leftSeconds } from '../../src/gates/window.ts';
import {
  closeScript,
  lookScript,
  type Opening,
  openScript,
  readWindow,
  type Said,
} from '../../src/gates/window-script.ts';
import type { Script } from '../../src/shell/script.ts';
import { asked, leaveOut, onEveryShell, type Shell } from '../actions/machine.ts';

/** systemd, as far as guards go: one timer, which a file stands for. */
const SYSTEMCTL = `#!/bin/sh
case $1 in
is-active) [ -e "$HOME_OF_TEST/armed" ] ;;
stop) rm -f "$HOME_OF_TEST/armed" ;;
esac
`;
const SYSTEMD_RUN = `#!/bin/sh
[ ! -e "$HOME_OF_TEST/no-systemd" ] || { echo 'Failed to connect to bus' >&2; exit 1; }
printf '%s\\n' "$@" >"$HOME_OF_TEST/armed"
`;
const DATE = `#!/bin/sh
exec cat "$HOME_OF_TEST/epoch"
`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'window-'));
  mkdirSync(join(folder, 'lib'));
  mkdirSync(join(folder, 'bin'));
  for (const [name, text] of Object.entries({ systemctl: SYSTEMCTL, 'systemd-run': SYSTEMD_RUN, date: DATE }))
    tool(name, text);
  clocks({ uptime: '1000.00 1.00', epoch: 1_700_000_000, boot: 'b1' });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function tool(name: string, text: string): void {
  writeFileSync(join(folder, 'bin', name), text.replaceAll('$HOME_OF_TEST', folder));
  chmodSync(join(folder, 'bin', name), 0o755);
}

function clocks({ uptime, epoch, boot }: { uptime?: string; epoch?: number; boot?: string }): void {
  if (uptime !== undefined) writeFileSync(join(folder, 'uptime'), uptime === '' ? '' : `${uptime}\n`);
  if (epoch !== undefined) writeFileSync(join(folder, 'epoch'), `${epoch}\n`);
  if (boot !== undefined) writeFileSync(join(folder, 'boot'), `${boot}\n`);
}

const stateFile = () => join(folder, 'lib/rollgate/windows/w');
const armed = () => (existsSync(join(folder, 'armed')) ? readFileSync(join(folder, 'armed'), 'utf8') : undefined);

/** A host apart: its own /var/lib, and clocks and systemd that the test sets. */
function apart(shell: Shell, more = ''): Shell {
  const binds = [
    ['lib', '/var/lib'],
    ['uptime', '/proc/uptime'],
    ['boot', '/proc/sys/kernel/random/boot_id'],
  ].map(([from, to]) => `mount --bind '${folder}/${from}' ${to}`);
  const inner = shell.map((word) => `'${word}'`).join(' ');
  const text = [...binds, ...(more === '' ? [] : [more]), `PATH='${folder}/bin':$PATH exec ${inner} "$@"`];
  return ['unshare', '-m', '/bin/sh', '-c', text.join(' && '), 'sh'];
}

const isPossible = spawnSync('unshare', ['-m', 'true']).status === 0;
if (!isPossible) describe('a window on its host', () => leaveOut('a /proc and a /var/lib of its own need root'));

if (isPossible)
  onEveryShell((shell) => {
    const say = async (script: Script, more = ''): Promise<Said> => {
      const answer = await asked({ folder, shell: apart(shell, more) }).ask(script);
      if (!answer.ok) throw new Error(answer.message);
      return readWindow(answer.stdout);
    };
    // busybox has a `date` of its own: there no test sets the wall clock.
    const hasWall = !shell.includes('busybox');
    const opening = (run: string, guard = 'go home'): Opening => ({
      name: 'w',
      run,
      lengthSeconds: 900,
      guard: { command: guard, afterSeconds: 120 },
    });
    const open = (run = 'first of ada, as a1', more = '') => say(openScript(opening(run)), more);
    const left = ({ opened, now }: Said) =>
      opened === undefined || now === undefined ? 'not told' : leftSeconds(opened, now, 900);

    describe('a window on its host', () => {
      it('is told by a file for root alone, and by a guard of a fixed name', async () => {
        expect(await open()).toMatchObject({ opened: { uptimeCs: 100_000, boot: 'b1' } });
        expect(readFileSync(stateFile(), 'utf8')).toMatch(
          /^phase open\nrun first of ada, as a1\nopened 100000 1[67]\d{8} b1\nlength 900\n$/,
        );
        expect(statSync(stateFile()).mode & 0o777).toBe(0o600);
        expect(armed()).toMatch(
          /^--unit=rollgate-guard-w\n--on-active=120s\n--on-unit-inactive=10s\n--timer-property=AccuracySec=1s\n/,
        );
        expect(armed()).toContain(`/bin/sh\n/var/lib/rollgate/windows/w.guard\n`);
        expect(readFileSync(`${stateFile()}.guard`, 'utf8')).toContain('\ngo home\n');
      });

      it('is opened again by its own run as it stands: a lost answer costs nothing', async () => {
        const first = await open();
        clocks({ uptime: '1060.00 1.00', epoch: 1_700_000_060 });
        expect(await open()).toEqual(first);
      });

      it('is closed, and its guard disarmed, as often as it is said', async () => {
        await open();
        for (let times = 0; times < 2; times++) {
          expect(await say(closeScript('w'))).toEqual({ hasFired: false });
          expect([armed(), readFileSync(stateFile(), 'utf8').split('\n')[0]]).toEqual([undefined, 'phase closed']);
        }
        expect(await open('second of bob, as a1')).toHaveProperty('opened');
      });

      it.each([
        ['is not disarmed while its command fails, and has fired once', 'exit 1', true],
        ['disarms itself when its command has ended well, however that ends', 'exit 0', false],
      ])('has a guard that %s', async (_, command, stays) => {
        await say(openScript(opening('r', command)));
        const [program = '', ...args] = apart(shell);
        for (let times = 0; times < 2; times++) spawnSync(program, [...args, `/var/lib/rollgate/windows/w.guard`]);
        expect(armed() !== undefined).toBe(stays);
        expect(readFileSync(stateFile(), 'utf8').match(/^fired /gm)).toHaveLength(1);
      });

      it('tells of a guard that has fired', async () => {
        await open();
        spawnSync('sh', ['-c', `echo 'fired 1700000120' >>'${stateFile()}'`]);
        expect(await say(lookScript('w'))).toMatchObject({ hasFired: true });
        expect(await say(closeScript('w'))).toMatchObject({ hasFired: true });
      });
    });

    describe('at its edges', () => {
      type Row = [string, Parameters<typeof clocks>[0], number | 'not told' | undefined];
      const ofWall: readonly Row[] = [
        ['the wall clock steps 5 minutes forward', { uptime: '1100.00 1.00', epoch: 1_700_000_400 }, 500],
        ['the wall clock is set back', { uptime: '1100.00 1.00', epoch: 1_699_990_000 }, 800],
      ];
      it.each<Row>([
        ...(hasWall ? ofWall : []),
        ['time passes', { uptime: '1100.50 1.00', epoch: 1_700_000_100 }, 799.5],
        ['the host reboots (another boot id bound over the kernel’s)', { uptime: '9.00 1.00', boot: 'b2' }, undefined],
        ['/proc/uptime becomes unreadable (an empty file bound over it)', { uptime: '' }, 'not told'],
      ])('what is left is looked for when %s', async (_, later, expected) => {
        await open();
        clocks(later);
        expect(left(await say(lookScript('w')))).toBe(expected);
      });

      it.each([
        ['cannot be read', ''],
        ['says something else', 'up 40 days'],
      ])('is refused where /proc/uptime %s, and nothing is left behind', async (_, uptime) => {
        clocks({ uptime });
        expect(await open()).toMatchObject({ refused: '/proc/uptime of this host cannot be read' });
        expect([existsSync(stateFile()), armed()]).toEqual([false, undefined]);
      });

      it('is refused where /var/lib is read-only', async () => {
        expect((await open('r', 'mount -o remount,bind,ro /var/lib')).refused).toMatch(
          /^nothing can be written to \/var\/lib\/rollgate\/windows on this host: is its disk full or read-only\?$/,
        );
        expect(armed()).toBeUndefined();
      });

      it('is refused where the guard’s timer unit exists already, which is left alone', async () => {
        writeFileSync(join(folder, 'armed'), 'somebody’s');
        expect(await open()).toMatchObject({ refused: expect.stringContaining('is armed on this host already') });
        expect([existsSync(stateFile()), armed()]).toEqual([false, 'somebody’s']);
      });

      it('is refused where no guard can be armed, in the host’s words', async () => {
        writeFileSync(join(folder, 'no-systemd'), '');
        expect(await open()).toMatchObject({
          refused: 'no guard can be armed on this host: Failed to connect to bus',
        });
        expect(existsSync(stateFile())).toBe(false);
      });

      it('is refused to a second bastion, with who has it and since when', async () => {
        await open();
        clocks({ uptime: '1042.00 1.00' });
        expect((await open('second of bob, as a1')).refused).toBe(
          'window w is open on this host, opened by first of ada, as a1 42 s ago: resume that run, or wait for its end',
        );
      });

      it('is refused under another name of the same machine, in the same run, too', async () => {
        await open('first of ada, as a1');
        expect((await open('first of ada, as alias')).refused).toContain('opened by first of ada, as a1 0 s ago');
      });

      it('is given to one of those that come at the same time', async () => {
        const runs = Array.from({ length: 6 }, (_, index) => `run ${index}`);
        const said = await Promise.all(runs.map((run) => open(run)));
        const winner = runs[said.findIndex(({ opened }) => opened !== undefined)];
        expect(said.filter(({ opened }) => opened !== undefined)).toHaveLength(1);
        expect(readFileSync(stateFile(), 'utf8')).toContain(`run ${winner}\n`);
        for (const { opened, refused } of said)
          if (opened === undefined) expect(refused).toContain(`opened by ${winner} 0 s ago`);
      });

      it('is open to another run after a reboot: the window before it is void', async () => {
        await open();
        rmSync(join(folder, 'armed'));
        clocks({ uptime: '9.00 1.00', boot: 'b2' });
        expect(await open('second of bob, as a1')).toMatchObject({ opened: { boot: 'b2' } });
      });
    });
  });
