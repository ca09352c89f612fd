import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith, rollgate } from './terminal.ts';

const PLAY = (second: string, third = 'echo three >> log') => `
- name: Roll
  hosts: all
  vars: {ansible_connection: local}
  tasks:
    - {name: one, shell: "echo one >> log", args: {chdir: "{{ playbook_dir }}"}}
    - {name: two, shell: "${second}", args: {chdir: "{{ playbook_dir }}"}}
    - {name: three, shell: "${third}", args: {chdir: "{{ playbook_dir }}"}}
`;

/** A run of which task two has failed. */
async function failedRun(): Promise<string> {
  const folder = folderWith({ 'play.yml': PLAY('false') });
  const { exitCode } = await rollgate(folder, 'run', 'play.yml', '-i', 'a,', '--yes', '--format', 'json');
  expect(exitCode).toBe(2);
  return folder;
}

const log = (folder: string) => readFileSync(join(folder, 'log'), 'utf8');

describe('rollgate resume', () => {
  it('tells that a file has changed since, and goes on by the saved plan', async () => {
    const folder = await failedRun();
    writeFileSync(join(folder, 'play.yml'), PLAY('echo two >> log'));
    const { exitCode, err } = await rollgate(folder, 'resume', '--yes', '--retry-failed', '--format', 'json');
    expect(err).toContain('play.yml (playbook) has changed');
    expect([exitCode, log(folder)]).toEqual([2, 'one\n']);
  });

  it('says nothing of files where none has changed', async () => {
    const folder = await failedRun();
    expect((await rollgate(folder, 'resume', '--yes', '--format', 'json')).err).toBe('');
  });

  it('shows with --replan what a plan made anew would do differently, and goes on by it when told to', async () => {
    const folder = await failedRun();
    writeFileSync(join(folder, 'play.yml'), PLAY('echo two >> log', 'echo third >> log'));
    const asked = await rollgate(folder, 'resume', '--replan', '--retry-failed');
    expect([asked.exitCode, asked.err]).toEqual([64, expect.stringMatching(/~ \S+ "two".*\n.*~ \S+ "three"/)]);
    expect(log(folder)).toBe('one\n');
    const { exitCode } = await rollgate(folder, 'resume', '--replan', '--retry-failed', '--yes', '--format', 'json');
    expect([exitCode, log(folder)]).toEqual([0, 'one\ntwo\nthird\n']);
    const [run = ''] = readdirSync(join(folder, '.rollgate/runs'));
    expect(readdirSync(join(folder, '.rollgate/runs', run)).filter((name) => name.startsWith('plan'))).toHaveLength(2);
  });

  it('refuses a plan by which what was done would mean something else', async () => {
    const folder = await failedRun();
    writeFileSync(join(folder, 'play.yml'), PLAY('true').replace('echo one', 'echo uno'));
    const { exitCode, err } = await rollgate(folder, 'resume', '--replan', '--retry-failed', '--yes');
    expect([exitCode, err]).toEqual([65, expect.stringMatching(/"one"\) has been done and would be/)]);
    expect(log(folder)).toBe('one\n');
  });

  it('names a broken line of the journal, and goes on without it when told to', async () => {
    const folder = await failedRun();
    const [run = ''] = readdirSync(join(folder, '.rollgate/runs'));
    const journal = join(folder, '.rollgate/runs', run, 'journal.jsonl');
    const lines = readFileSync(journal, 'utf8').split('\n');
    writeFileSync(journal, lines.with(4, lines[4]?.slice(0, 20) ?? '').join('\n'));
    const refused = await rollgate(folder, 'resume', '--yes', '--format', 'json');
    expect([refused.exitCode, refused.err]).toEqual([65, expect.stringMatching(/journal\.jsonl:5: .*--salvage/)]);
    const saved = await rollgate(folder, 'resume', '--yes', '--salvage', '--format', 'json');
    expect(saved.err).toMatch(/left out of the journal: line 5; .* events were kept/);
    expect(readdirSync(join(folder, '.rollgate/runs', run)).join()).toContain('journal-broken-');
    expect([saved.exitCode, log(folder)]).toEqual([2, 'one\n']);
  });

  it.each([['--assume-done'], ['--redo']])('wants a reason with %s', async (option) => {
    const folder = await failedRun();
    const { exitCode, err } = await rollgate(folder, 'resume', '--yes', option);
    expect([exitCode, err]).toEqual([64, expect.stringContaining('say why by --reason')]);
  });

  it('knows only hosts of the run in --limit', async () => {
    const folder = await failedRun();
    const { exitCode, err } = await rollgate(folder, 'resume', '--yes', '-l', 'nobody');
    expect([exitCode, err]).toEqual([65, expect.stringContaining('nobody')]);
  });
});
