import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { act, leaveOut, onEveryShell, type Shell } from '../actions/machine.ts';

/** systemctl, of which each unit is a file of its properties. */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >> "$HOST/said"
for unit; do :; done
set_to() { sed "s/^$1=.*/$1=$2/" "$HOST/$unit" > "$HOST/new" && mv "$HOST/new" "$HOST/$unit"; }
case $1 in
  show) if [ -f "$HOST/$unit" ]; then cat "$HOST/$unit"; else printf 'LoadState=not-found\\nActiveState=inactive\\nUnitFileState=\\n'; fi ;;
  stop) [ ! -f "$HOST/stuck" ] || exit 0; set_to ActiveState inactive ;;
  disable) set_to UnitFileState disabled ;;
esac
`;

/** docker, of which each running container is a file of what inspect would print. */
const DOCKER = `#!/bin/sh
[ ! -f "$HOST/mute" ] || { echo 'Cannot connect to the Docker daemon.' >&2; exit 1; }
case $1 in
  ps) ls "$HOST/containers" ;;
  inspect) for id; do :; done; [ ! -f "$HOST/closed" ] && cat "$HOST/containers/$id" ;;
esac
`;

let folder: string;
const launched: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollgate-rexray-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'containers'));
  for (const [name, text] of [
    ['systemctl', SYSTEMCTL],
    ['docker', DOCKER],
  ] as const) {
    writeFileSync(join(folder, 'bin', name), text.replaceAll('$HOST', folder));
    chmodSync(join(folder, 'bin', name), 0o755);
  }
});

afterEach(() => {
  for (const child of launched.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function unit(name: string, active = 'active', enabled = 'enabled'): void {
  writeFileSync(join(folder, name), `LoadState=loaded\nActiveState=${active}\nUnitFileState=${enabled}\n`);
}

function container(id: string, name: string, mounts: readonly object[], environment: readonly string[] = []): void {
  writeFileSync(join(folder, 'containers', id), `${JSON.stringify([`/${name}`, mounts, environment])}\n`);
}

const rexray = (shell?: Shell) =>
  act(
    'mesos_rexray',
    {},
    { folder, path: `${join(folder, 'bin')}:${process.env.PATH}`, ...(shell === undefined ? {} : { shell }) },
  );

const changing = () =>
  readFileSync(join(folder, 'said'), 'utf8')
    .split('\n')
    .filter((line) => /^(stop|disable)/.test(line));

const isRoot = process.getuid?.() === 0;
const canUnshare = isRoot && spawnSync('unshare', ['-m', 'true']).status === 0;

/** A process that has a volume mounted, in a mount namespace of its own, as a container has. */
async function holder(environment: Readonly<Record<string, string>>): Promise<number> {
  const volume = '/var/lib/rexray/volumes/a b';
  const script = `mount -t tmpfs none /var/lib && mkdir -p '${volume}' && mount -t tmpfs none '${volume}' && echo up && exec sleep 1000`;
  const child = spawn('unshare', ['-m', 'sh', '-c', script], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  launched.push(child);
  await new Promise<void>((up, failed) => {
    child.stdout?.once('data', () => up());
    child.once('exit', () => failed(new Error('the holder ended')));
  });
  return child.pid ?? 0;
}

if (!isRoot) leaveOut('mesos_rexray looks into every process, which only root may');

describe.runIf(isRoot)('mesos_rexray', () => {
  onEveryShell((shell) => {
    it('stops and disables what is there, and once', async () => {
      unit('dcos-rexray.service');
      expect(await rexray(shell)).toMatchObject({ changed: true, units: ['dcos-rexray.service'] });
      expect(changing()).toEqual(['stop dcos-rexray.service', 'disable dcos-rexray.service']);
      expect(await rexray(shell)).toMatchObject({ changed: false, msg: expect.stringContaining('already') });
      expect(changing()).toHaveLength(2);
    });

    it('names the containers and tasks that have its volumes, and touches nothing', async () => {
      unit('rexray.service');
      container('c1', 'mesos-S1.7', [{ Driver: 'rexray', Name: 'db\u001b[2J' }], ['A=1', 'MESOS_TASK_ID=db.\u202e1']);
      container('c2', 'innocent', [{ Driver: 'local', Name: 'rexray' }, { Source: '/etc' }]);
      const result = await rexray(shell);
      expect(result).toMatchObject({ changed: false, refused: true });
      expect(result.msg).toBe(
        'RexRay is left as it is: containers that have a volume: container "mesos-S1.7" of task "db.\\u202e1" with volume "db\\x1b[2J"',
      );
      expect(changing()).toEqual([]);
    });
  });

  it('is satisfied where there is none, or where it is off, whoever has volumes', async () => {
    container('c1', 'x', [{ Driver: 'rexray', Name: 'v' }]);
    expect(await rexray()).toMatchObject({ changed: false, units: [], msg: 'there is no RexRay here' });
    unit('rexray.service', 'inactive', 'disabled');
    expect(await rexray()).toMatchObject({ changed: false, units: ['rexray.service'] });
    expect(changing()).toEqual([]);
  });

  it('disables one that only is not running', async () => {
    unit('rexray.service', 'failed', 'enabled');
    expect(await rexray()).toMatchObject({ changed: true });
  });

  it('fails where the unit does not stop', async () => {
    unit('rexray.service');
    writeFileSync(join(folder, 'stuck'), '');
    expect(await rexray()).toMatchObject({ failed: true, msg: 'rexray.service is still active' });
  });

  it.each([
    ['Docker does not answer', 'mute', 'Docker is there and does not answer'],
    ['a container cannot be looked into', 'closed', 'container c1 runs and cannot be looked into'],
  ])('refuses where %s', async (_, how, why) => {
    unit('rexray.service');
    container('c1', 'x', []);
    writeFileSync(join(folder, how), '');
    expect(await rexray()).toMatchObject({ refused: true, msg: expect.stringContaining(why) });
  });

  if (!canUnshare) leaveOut('no mount namespaces can be made here');

  it.runIf(canUnshare)('sees volumes in the mount namespaces of other processes, and who has them', async () => {
    unit('rexray.service');
    const pid = await holder({ MESOS_TASK_ID: 'db "one"\n= end' });
    const result = await rexray();
    expect(result).toMatchObject({
      refused: true,
      checks: [
        { check: 'volumes mounted', passed: false, why: '/var/lib/rexray/volumes/a b' },
        { check: 'processes that have a volume', passed: false, why: `task "db "one"\\x0a= end" (pid ${pid})` },
        { check: 'containers that have a volume', passed: true, why: 'none' },
        { check: 'what could not be seen', passed: true, why: 'none' },
      ],
    });
    expect(changing()).toEqual([]);
  });
});
