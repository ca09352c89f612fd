import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sshdMissing } from '../sshd/sshd.ts';
import { type Desk, type Ended, ended, filesBelow, outcomes, resultOf, type Told } from './desk.ts';
import { deskForAll } from './desks.ts';

const COUNT = 100;
const NAMES = Array.from({ length: COUNT }, (_, index) => `h${String(index + 1).padStart(3, '0')}`);
const HOSTS = NAMES.map((name, index) => `${name} ansible_host=127.1.0.${index + 1}`);

const PLAYBOOK = `
- name: Everything
  hosts: all
  forks: 10
  vars:
    place: "{{ site }}/{{ inventory_hostname }}"
  tasks:
    - name: folder
      file: { path: "{{ place }}", state: directory, mode: "0750" }
    - name: arguments
      command: { argv: [printf, '%s|', "a b", "$HOME;*", "{{ inventory_hostname }}"] }
      register: printed
    - name: streams
      shell: echo out; echo err >&2; exit 3
      register: both
      failed_when: both.rc != 3
    - name: raw
      raw: echo "$((6 * 7))"
      register: answer
    - name: script
      script: told.sh "one two"
      register: scripted
    - name: copied
      copy: { src: sent.bin, dest: "{{ place }}/sent.bin", mode: "0640" }
      register: copied
    - name: copied again
      copy: { src: sent.bin, dest: "{{ place }}/sent.bin", mode: "0640" }
    - name: seen
      stat: { path: "{{ place }}/sent.bin" }
      register: seen
    - name: is as it was sent
      assert: { that: "seen.stat.checksum == copied.checksum and seen.stat.mode == '0640'" }
    - name: fetched
      fetch: { src: "{{ place }}/sent.bin", dest: got }
    - name: registered
      copy:
        content: "{{ printed.stdout }}{{ answer.stdout_lines[0] }}|{{ scripted.stdout }}|{{ hostvars['h001'].both.stderr }}"
        dest: "{{ place }}/facts"
    - name: no such
      command: "true"
      when: inventory_hostname == 'nobody'
    - name: gone
      file: { path: "{{ place }}/sent.bin", state: absent }
`;

const BYTES = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256));

describe.skipIf(sshdMissing())('a hundred hosts, ten at a time', () => {
  let desk: Desk;
  let result: Ended & { readonly events: readonly Told[] };
  deskForAll(HOSTS, (given) => {
    desk = given;
  });
  beforeAll(async () => {
    desk.write('told.sh', '#!/bin/sh\nprintf "%s in script" "$1"\n');
    writeFileSync(join(desk.folder, 'sent.bin'), BYTES);
    utimesSync(join(desk.folder, 'sent.bin'), 1_700_000_000, 1_700_000_000);
    result = await ended(desk.play(PLAYBOOK));
  }, 120_000);

  it('do all of it', () => {
    expect([result.code, result.stderr]).toEqual([0, '']);
    const changed = ['folder', 'arguments', 'streams', 'raw', 'script', 'copied', 'fetched', 'registered', 'gone'];
    const expected = NAMES.flatMap((host) => [
      ...changed.map((task) => `${host} ${task} changed`),
      ...['copied again', 'seen', 'is as it was sent'].map((task) => `${host} ${task} ok`),
      `${host} no such skipped`,
    ]);
    expect(outcomes(result.events)).toEqual(expected.sort());
  });

  it('have what was sent, and what they registered', () => {
    for (const name of NAMES) {
      expect(desk.left(`${name}/facts`)).toBe(`a b|$HOME;*|${name}|42|one two in script|err`);
      const got = readFileSync(join(desk.folder, 'got', name, desk.site, name, 'sent.bin'));
      expect(got.equals(BYTES)).toBe(true);
    }
    expect(readdirSync(join(desk.site, 'h001'))).toEqual(['facts']);
    expect(statSync(join(desk.site, 'h001')).mode & 0o777).toBe(0o750);
  });

  it('are told of by events alone, one JSON object a line', () => {
    const lines = result.stdout.trimEnd().split('\n');
    expect(lines.length).toBe(result.events.length);
    const { events } = result;
    expect(events[0]).toMatchObject({
      type: 'run_started',
      run: expect.any(String),
      hosts: COUNT,
      playbook: 'play.yml',
    });
    expect(events.at(-1)).toMatchObject({ type: 'run_finished', exitCode: 0 });
    for (const { at } of events) expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const where = { play: 'Everything', playNumber: 1, batch: 1 };
    expect(events.find(({ type }) => type === 'batch_started')).toMatchObject({ ...where, hosts: NAMES });
    const steps = events.filter(({ host, task }) => host === 'h004' && task === 'streams');
    const address = { ...where, host: 'h004', task: 'streams', taskId: expect.any(String) };
    expect(steps.filter(({ type }) => type === 'step_started')).toEqual([
      { type: 'step_started', at: expect.any(String), ...address },
    ]);
    expect(steps.filter(({ type }) => type === 'step_finished')).toMatchObject([
      {
        ...address,
        status: 'changed',
        ignored: false,
        rescued: false,
        result: { rc: 3, stdout: 'out', stderr: 'err' },
      },
    ]);
    expect(resultOf(events, 'no such', 'h004')).toEqual(
      expect.objectContaining({ skipped: true, skip_reason: 'Conditional result was False' }),
    );
  });

  it('have a log each, with every command and what it printed', () => {
    const log = readFileSync(join(desk.run, 'hosts/h004.log'), 'utf8');
    for (const text of [
      'printf',
      'echo out; echo err',
      '42',
      'exit 3',
      'one two in script',
      'upload to',
      'download of',
    ])
      expect(log).toContain(text);
    expect(readdirSync(join(desk.run, 'hosts')).sort()).toEqual(NAMES.map((name) => `${name}.log`));
  });

  it('have each step in the journal, begun before it ended', () => {
    const lines = readFileSync(join(desk.run, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
    const told = lines.map((line): Told => JSON.parse(line));
    for (const type of ['step_started', 'step_finished'])
      expect(told.filter((event) => event.type === type).length).toBe(COUNT * 13);
    const steps = told.filter(({ host, type }) => host === 'h007' && type.startsWith('step_'));
    expect(steps.map(({ type }) => type)).toEqual(Array(13).fill(['step_started', 'step_finished']).flat());
  });

  it('are summed up', () => {
    const summary = desk.summary();
    expect(summary).toMatchObject({ version: 1, exitCode: 0, failed: [], refused: [] });
    expect(summary.resume).toBeUndefined();
    expect(Object.keys(summary.hosts)).toEqual(NAMES);
    expect(summary.hosts.h001).toEqual({
      outcome: expect.any(String),
      steps: { ok: 3, changed: 9, skipped: 1, failed: 0, unreachable: 0, refused: 0 },
    });
  });

  it('are nobody else’s to read of', () => {
    for (const folder of [desk.state, join(desk.state, 'runs'), desk.run, join(desk.run, 'hosts')])
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    const files = filesBelow(desk.run);
    expect(files.length).toBe(COUNT + 4);
    for (const file of files) expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600]);
  });
});

describe.skipIf(sshdMissing())('a hundred hosts, all at once', () => {
  let desk: Desk;
  const names = Array.from({ length: 100 }, (_, index) => `h${index + 1}`);
  deskForAll(
    names.map((name, index) => `${name} ansible_host=127.1.1.${index + 1}`),
    (given) => {
      desk = given;
    },
  );

  it('are all reached, and each has its own', async () => {
    const play = `
- hosts: all
  tasks:
    - name: where
      shell: echo "$SSH_CONNECTION" | cut -d' ' -f3
      register: where
    - name: told
      shell: echo {{ where.stdout }} > {{ site }}/{{ inventory_hostname }}
`;
    const { code, events } = await ended(desk.play(play, ['-f', '100']));
    expect([code, outcomes(events).length]).toEqual([0, 200]);
    expect(names.map((name) => desk.left(name))).toEqual(names.map((_, index) => `127.1.1.${index + 1}\n`));
  }, 120_000);
});
