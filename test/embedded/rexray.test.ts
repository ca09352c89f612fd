import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { rollgate } from './desk.ts';
import { type Fleet, startFleet } from './fleet.ts';

const PLAYBOOK = `
- hosts: all
  become: true
  tasks:
    - name: RexRay
      mesos_rexray: {}
      when: rexray | default(false) | bool
    - name: After it
      debug: {msg: done}
`;

let fleet: Fleet | undefined;

afterEach(async () => {
  await fleet?.stop();
  fleet = undefined;
});

async function call(
  on: Fleet,
  ...argv: readonly string[]
): Promise<{ readonly code: number; readonly printed: string }> {
  const { code, out, err } = await rollgate(on.directory, ...argv, '--yes', '--format', 'lines');
  return { code, printed: out + err };
}

describe('mesos_rexray on embedded hosts', () => {
  it('refuses where tasks have volumes, and is asked again by resume when they are gone', async () => {
    fleet = await startFleet({
      hosts: [
        { name: 'free', rexray: { volumes: [] } },
        { name: 'held', rexray: { volumes: ['db'] } },
        { name: 'none' },
      ],
    });
    const rexrayOn = (host: string) => fleet?.hosts.get(host)?.state.rexray;
    await writeFile(join(fleet.directory, 'site.yml'), PLAYBOOK);
    const run = await call(fleet, 'run', 'site.yml', '-i', fleet.inventoryFile, '-e', 'rexray=true');
    expect(run.printed).toContain('container "mesos-S1.db" of task "db.1" with volume "db"');
    expect(run.printed).toContain('To go on: ');
    expect(run.code).toBe(3);
    expect(rexrayOn('free')).toMatchObject({ active: false, enabled: false });
    expect(rexrayOn('held')).toMatchObject({ active: true, enabled: true });

    const again = await call(fleet, 'resume');
    expect(again.code).toBe(3);
    rexrayOn('held')?.volumes.clear();
    const last = await call(fleet, 'resume');
    expect(last.printed).toContain('held | After it | ok');
    expect(last.printed).not.toContain('free |');
    expect(last.code).toBe(0);
    expect(rexrayOn('held')).toMatchObject({ active: false, enabled: false });
  });

  it('leaves RexRay alone unless it is asked for', async () => {
    fleet = await startFleet({ hosts: [{ name: 'free', rexray: { volumes: [] } }] });
    await writeFile(join(fleet.directory, 'site.yml'), PLAYBOOK);
    expect((await call(fleet, 'run', 'site.yml', '-i', fleet.inventoryFile)).code).toBe(0);
    expect(fleet.hosts.get('free')?.state.rexray).toMatchObject({ active: true, enabled: true });
  });
});
