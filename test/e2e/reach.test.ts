import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, generate, type Sshd, sshdMissing, startSshd } from '../sshd/sshd.ts';
import { Desk, ended, outcomes, resultOf } from './desk.ts';

const WHO = '- hosts: all\n  tasks: [{name: here, shell: "echo $SSH_CONNECTION"}]\n';

describe.skipIf(sshdMissing())('a host', () => {
  let sshd: Sshd;
  let inner: Sshd;
  let desk: Desk;
  let agent: ChildProcess;
  beforeAll(async () => {
    [sshd, inner] = await Promise.all([startSshd(), startSshd()]);
    generate(join(sshd.folder, 'locked'), 'ed25519', 'open sesame');
    generate(join(sshd.folder, 'other'), 'ed25519');
    generate(join(sshd.folder, 'held'), 'ed25519');
    for (const key of ['locked', 'held'])
      appendFileSync(join(sshd.folder, 'client.pub'), readFileSync(join(sshd.folder, `${key}.pub`)));
    appendFileSync(join(inner.folder, 'client.pub'), readFileSync(join(sshd.folder, 'client.pub')));
    const socket = join(sshd.folder, 'agent');
    agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    if (agent.stdout !== null) await once(agent.stdout, 'data');
    execFileSync('ssh-add', ['-q', join(sshd.folder, 'held')], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    const jump = `${sshd.user}@127.4.0.9:${sshd.port}`;
    desk = new Desk(sshd, [
      'plain ansible_host=127.4.0.1',
      `closed ansible_host=127.4.0.2 ansible_port=${await freePort()}`,
      'changed ansible_host=127.4.0.3',
      `unknown ansible_host=127.4.0.4 ansible_port=${inner.port}`,
      `locked ansible_host=127.4.0.5 ansible_ssh_private_key_file=${sshd.folder}/locked ansible_ssh_private_key_passphrase="open sesame"`,
      `agent ansible_host=127.4.0.6 ansible_ssh_private_key_file=${sshd.folder}/held.pub`,
      `jumped ansible_host=127.4.0.7 ansible_port=${inner.port} ansible_ssh_common_args="-o ProxyJump=${jump}"`,
      `hopped ansible_host=127.4.0.8 ansible_port=${inner.port} ansible_ssh_common_args="-J ${jump}"`,
    ]);
    desk.env = { ...desk.env, SSH_AUTH_SOCK: socket };
    const key = (file: string): string => readFileSync(file, 'utf8').split(' ').slice(0, 2).join(' ');
    const other = key(join(sshd.folder, 'other.pub'));
    const known = [
      `[127.4.0.3]:${sshd.port} ${other}`,
      ...['7', '8'].map((last) => `[127.4.0.${last}]:${inner.port} ${key(inner.hostKey('ed25519'))}`),
      ...['1', '5', '6', '9'].map((last) => `[127.4.0.${last}]:${sshd.port} ${key(sshd.hostKey('ed25519'))}`),
    ];
    desk.write('.ssh/known_hosts', `${known.join('\n')}\n`);
  });
  afterAll(async () => {
    await desk?.close();
    agent?.kill();
    await Promise.all([sshd?.stop(), inner?.stop()]);
  });

  it('is reached by key, agent and jump, or said to be out of reach, and why', async () => {
    const result = await ended(desk.play(WHO));
    const { events } = result;
    expect([result.code, result.stderr]).toEqual([4, '']);
    const good = ['agent', 'hopped', 'jumped', 'locked', 'plain'];
    const bad = ['changed', 'closed', 'unknown'];
    expect(outcomes(events)).toEqual(
      [...good.map((host) => `${host} here changed`), ...bad.map((host) => `${host} here unreachable`)].sort(),
    );
    expect(resultOf(events, 'here', 'jumped').stdout).toMatch(
      new RegExp(`^127\\S* \\d+ 127\\.4\\.0\\.7 ${inner.port}$`),
    );
    expect(sshd.log()).toContain(`127.4.0.9 port ${sshd.port}`);
    const print = (file: string): string =>
      execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1] ?? '';
    const changed = String(resultOf(events, 'here', 'changed').msg);
    for (const text of [print(sshd.hostKey('ed25519')), print(join(sshd.folder, 'other.pub')), '/.ssh/known_hosts:1'])
      expect(changed).toContain(text);
    expect(resultOf(events, 'here', 'closed').msg).toMatch(/refused/);
    expect(resultOf(events, 'here', 'unknown').msg).toMatch(/known_hosts/);
    expect(result.stdout).not.toContain('open sesame');
    expect(
      desk
        .summary()
        .failed.map(({ host }) => host)
        .sort(),
    ).toEqual(bad);
  });

  it('has its key checked as ssh_config and SSH arguments say, where the command line does not', async () => {
    const args = JSON.stringify({ ansible_ssh_common_args: '-o StrictHostKeyChecking=no' });
    const asked = await ended(desk.play(WHO, ['-l', 'unknown', '-e', args]));
    expect(outcomes(asked.events)).toEqual(['unknown here changed']);
    const over = await ended(desk.play(WHO, ['-l', 'unknown', '-e', args, '--host-key-checking', 'strict']));
    expect(outcomes(over.events)).toEqual(['unknown here unreachable']);
  });

  it('is taken at its first word by accept-new, and held to it', async () => {
    const args = ['-l', 'unknown,changed', '--host-key-checking', 'accept-new'];
    const first = await ended(desk.play(WHO, args));
    expect(outcomes(first.events)).toEqual(['changed here unreachable', 'unknown here changed']);
    expect(readFileSync(join(desk.folder, '.ssh/known_hosts'), 'utf8')).toContain(`[127.4.0.4]:${inner.port} `);
    const second = await ended(desk.play(WHO, ['-l', 'unknown']));
    expect(second.code).toBe(0);
  });

  it('has nothing of a command left running when its time is over', async () => {
    const call = desk.play(
      `
- hosts: plain
  tasks:
    - name: long
      shell: sleep 86411 & (setsid sleep 86412 &) ; echo $$ ; sleep 86413
      timeout: 1
    - name: never
      shell: echo never
`,
    );
    const { code, events } = await ended(call);
    expect([code, outcomes(events)]).toEqual([2, ['plain long failed']]);
    expect(resultOf(events, 'long').msg).toMatch(/1 s/);
    const running = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
    expect(running.filter((line) => /^sleep 8641[123]$/.test(line))).toEqual([]);
  });
});
