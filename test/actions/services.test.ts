import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { service, systemd } from '../../src/actions/service.ts';
import { askUnit, type Unit, unitIn } from '../../src/actions/unit.ts';
import { render } from '../../src/shell/script.ts';

const unit: Unit = {
  manager: 'systemd',
  isKnown: true,
  isActive: false,
  isEnabled: false,
  isMasked: false,
  status: { ActiveState: 'inactive', SubState: 'dead', Result: 'success', Type: 'simple' },
};

function commandsOf<P>(action: Action<P, Unit>, written: object, is: Unit): readonly string[] {
  const decision = action.decide(action.params.parse(written), is);
  if (decision.kind === 'settled') return [];
  return decision.commands
    .flatMap((command) => (command.kind === 'run' ? render(command.script).split('\n') : []))
    .map((line) => line.replace('[ $? -eq 0 ] || exit 1; ', ''));
}

describe('what is done about a unit', () => {
  const active = { ...unit, isActive: true };
  const enabled = { ...unit, isEnabled: true };
  const masked = { ...unit, isMasked: true };

  it.each<[object, Unit, readonly string[]]>([
    [{ name: 'a', state: 'started' }, unit, ['systemctl start a']],
    [{ name: 'a', state: 'started' }, active, []],
    [{ name: 'a', state: 'stopped' }, active, ['systemctl stop a']],
    [{ name: 'a', state: 'stopped' }, unit, []],
    [{ name: 'a', state: 'restarted' }, active, ['systemctl restart a']],
    [{ name: 'a', state: 'restarted' }, unit, ['systemctl restart a']],
    [{ name: 'a', state: 'reloaded' }, active, ['systemctl reload a']],
    [{ name: 'a', state: 'reloaded' }, unit, ['systemctl start a']],
    [{ name: 'a', enabled: 'yes' }, unit, ['systemctl enable a']],
    [{ name: 'a', enabled: true }, enabled, []],
    [{ name: 'a', enabled: 'no' }, enabled, ['systemctl disable a']],
    [{ name: 'a', masked: true }, unit, ['systemctl mask a']],
    [{ name: 'a', masked: false }, masked, ['systemctl unmask a']],
    [{ name: 'a', masked: false }, unit, []],
    [{ daemon_reload: true }, unit, ['systemctl daemon-reload']],
    [
      { service: "it's", state: 'restarted', enabled: true, daemon_reload: true, no_block: true },
      unit,
      ['systemctl daemon-reload', "systemctl enable 'it'\\''s'", "systemctl --no-block restart 'it'\\''s'"],
    ],
  ])('%j', (written, is, commands) => {
    expect(commandsOf(systemd, written, is)).toEqual(commands);
  });

  it('an unknown unit and a masked one are refused before anything is sent', () => {
    const params = systemd.params.parse({ name: 'a', state: 'started' });
    expect(systemd.decide(params, { ...unit, isKnown: false })).toMatchObject({
      kind: 'settled',
      result: { failed: true, msg: 'Could not find the requested service a: host' },
    });
    expect(systemd.decide(params, masked)).toMatchObject({
      kind: 'settled',
      result: { failed: true, msg: expect.stringContaining('masked') },
    });
  });

  it.each<[object, Unit, string | undefined]>([
    [{ name: 'a', state: 'started' }, unit, 'a does not run after start (inactive/dead, result success)'],
    [{ name: 'a', state: 'started' }, active, undefined],
    [{ name: 'a', state: 'started' }, { ...unit, status: { ...unit.status, Type: 'oneshot' } }, undefined],
    [{ name: 'a', state: 'restarted' }, unit, 'a does not run after restart (inactive/dead, result success)'],
    [{ name: 'a', state: 'restarted', no_block: true }, unit, undefined],
    [{ name: 'a', state: 'stopped' }, active, 'a still runs after stop (inactive/dead, result success)'],
    [{ name: 'a', enabled: true }, unit, 'a is not enabled'],
    [{ name: 'a', enabled: false }, enabled, 'a is still enabled'],
    [{ name: 'a', masked: true }, unit, 'a is not masked'],
  ])('%j took: %#', (written, after, problem) => {
    expect(systemd.verify?.(systemd.params.parse(written), unit, after)).toBe(problem);
  });

  it('a restart is not to be repeated unasked', () => {
    expect(
      ['started', 'stopped', 'restarted', 'reloaded'].map((state) =>
        systemd.effect(systemd.params.parse({ name: 'a', state })),
      ),
    ).toEqual(['probed', 'probed', 'opaque', 'opaque']);
  });
});

describe('what systemctl says', () => {
  const said = (load: string, active: string, enabled: string) =>
    `manager=systemd\nenabled=${enabled}\nId=a.service\nLoadState=${load}\nActiveState=${active}\nSubState=x\nDescription=A = b\n`;

  it.each<[string, Partial<Unit> | undefined]>([
    [said('loaded', 'active', 'enabled'), { isKnown: true, isActive: true, isEnabled: true, isMasked: false }],
    [said('loaded', 'failed', 'disabled'), { isKnown: true, isActive: false, isEnabled: false }],
    [said('loaded', 'activating', 'static'), { isActive: true }],
    [said('not-found', 'inactive', ''), { isKnown: false, isActive: false }],
    [said('masked', 'inactive', 'masked'), { isKnown: true, isMasked: true, isEnabled: false }],
    ['manager=none\n', undefined],
    ['', undefined],
  ])('%#', (printed, expected) => {
    const read = unitIn(printed);
    if (expected === undefined) expect(read).toBeUndefined();
    else expect(read).toMatchObject(expected);
  });

  it('the question is about one quoted unit', () => {
    expect(render(askUnit('a b', false))).toContain("systemctl is-enabled 'a b' ");
  });
});

describe('init scripts', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rollgate-init-'));
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin/service'), `#!/bin/sh\necho "$@" >>${folder}/calls\n`, { mode: 0o755 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are used where there is no systemd', async () => {
    const { spawnSync } = await import('node:child_process');
    const init: Unit = { ...unit, manager: 'init', status: {} };
    const [line = ''] = commandsOf(service, { name: 'cron', state: 'restarted' }, init);
    spawnSync('/bin/sh', ['-c', line], { env: { PATH: `${folder}/bin:/usr/bin:/bin` } });
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe('cron restart\n');
  });

  it('the host’s answer is read', () => {
    expect(unitIn('manager=init\nknown=1\nactive=1\nenabled=enabled\n')).toEqual({
      manager: 'init',
      isKnown: true,
      isActive: true,
      isEnabled: true,
      isMasked: false,
      status: {},
    });
  });
});
