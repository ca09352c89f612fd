import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quote } from '../../src/shell/script.ts';
import { PROGRAM } from './desk.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollgate-refused-'));
  writeFileSync(join(folder, 'file'), '');
  writeFileSync(join(folder, 'play.yml'), '- hosts: all\n  tasks:\n    - command: id\n');
  writeFileSync(join(folder, 'hosts'), `local ansible_connection=local\nweb[1:5000] text=${'a'.repeat(50)}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A line for a shell, in which `rollgate` is rollgate. */
function shell(line: string) {
  const words = [process.execPath, ...PROGRAM].map(quote).join(' ');
  const { stdout, stderr } = spawnSync('bash', ['-c', `rollgate() { ${words} "$@"; }; set -o pipefail; ${line}`], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { stdout, stderr };
}

describe('where runs cannot be recorded', () => {
  it.each([
    'run play.yml -i hosts -l local --yes',
    'runs',
    'status',
    'logs 2026 local',
    'explain',
    'pause --reason why',
    'resume --yes',
    'windows',
    'report -o report.html',
  ])('rollgate %s says why, without a stack trace', (command) => {
    const { stdout, stderr } = shell(`rollgate ${command} --state-dir file; echo $?`);
    expect(stdout).toBe('1\n');
    expect(stderr).toMatch(/^rollgate: this machine refuses what is needed here: ENOTDIR: .*\n$/);
  });
});

describe('where the output goes nowhere', () => {
  it('a reader that has seen enough is no fault', () => {
    const { stdout, stderr } = shell('rollgate inventory -i hosts --list | head -c 1; echo $?');
    expect({ stdout, stderr }).toEqual({ stdout: '{0\n', stderr: '' });
  });

  it('a full disk is one, and is told', () => {
    const { stdout, stderr } = shell('rollgate plan play.yml -i hosts 2>&1 >/dev/full; echo $?');
    expect({ stdout, stderr }).toEqual({
      stdout: expect.stringMatching(/^rollgate: its output cannot be written: ENOSPC: .*\n1\n$/),
      stderr: '',
    });
  });

  it('a run goes on to its end', () => {
    const { stdout } = shell('rollgate run play.yml -i hosts -l local --yes >/dev/full; echo $?; rollgate runs');
    expect(stdout).toMatch(/^0\n.* all done \(0\) /);
  });
});

describe('where a document cannot be saved', () => {
  it.each([
    ['plan play.yml -i hosts -o nowhere/plan.json', /^-o nowhere\/plan.json: cannot be written: ENOENT/],
    ['plan play.yml -i hosts -o file/plan.json', /^-o file\/plan.json: cannot be written: ENOTDIR/],
    ['plan play.yml -i hosts -o plan.pdf', /^-o plan.pdf: its name must end in one of .json/],
  ])('rollgate %s says so before anything is done', (command, expected) => {
    const { stdout, stderr } = shell(`rollgate ${command}; echo $?`);
    expect(stdout).toBe('64\n');
    expect(stderr).toMatch(expected);
  });
});
