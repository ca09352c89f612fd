import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SshTarget } from '../../src/connection/connection.ts';
import type { Hop, Route } from '../../src/connection/hop.ts';
import { createRouting } from '../../src/connection/routing.ts';

const CONFIG = `# first value wins
Host web* !web9
    HostName %h.example.org
    User deploy
    Port 2222
Host web1
    Port 2200
    IdentityFile ~/.ssh/web_key
Host gw
  HostName=10.0.0.1
  User "jump user"
  IdentitiesOnly yes
Include conf.d/*.conf missing
Match host *.example.org user deploy
    ProxyJump gw
    IdentityFile %d/keys/%r@%h
Match originalhost db?,!db3
    HostKeyAlias database
    UserKnownHostsFile ~/.ssh/db_hosts "~/.ssh/more hosts"
    StrictHostKeyChecking accept-new
Match all
    ConnectTimeout 7
Host *
    IdentityFile ~/.ssh/id_any
    User fallback
    Compression yes
`;

let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'rollgate-config-'));
  mkdirSync(join(home, '.ssh/conf.d'), { recursive: true });
  writeFileSync(join(home, '.ssh/config'), CONFIG);
  writeFileSync(join(home, '.ssh/conf.d/10.conf'), 'User never\n');
  writeFileSync(join(home, '.ssh/conf.d/11.txt'), 'Port 1\n');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function route(address: string, more: Partial<SshTarget> = {}, text?: string): Route {
  const file = join(home, text === undefined ? '.ssh/config' : 'own');
  if (text !== undefined) writeFileSync(file, text);
  const options = {
    home,
    localUser: 'me',
    env: { SSH_AUTH_SOCK: '/agent', DIR: '/dir' },
    random: () => 0,
    warn: () => {},
  };
  return createRouting({ ...options, sshConfigFile: file }).to({ kind: 'ssh', name: address, address, ...more });
}

function hops(found: Route): readonly Hop[] {
  if (!found.ok) throw new Error(JSON.stringify(found.problems));
  return found.hops;
}

function last(found: Route): Hop {
  const hop = hops(found).at(-1);
  if (hop === undefined) throw new Error('no hops');
  return hop;
}

function codes(found: Route): readonly string[] {
  return found.ok ? [] : found.problems.map(({ code, place }) => `${code}:${place?.line ?? '-'}`);
}

describe('what ssh_config says of a host', () => {
  // What `ssh -G` answers for the same file (OpenSSH 9.2); identity files without the home folder. An Include inside a
  // Host section holds for that section alone: hence no "never" but for gw, where "jump user" stands first.
  it.each([
    ['web1', 'deploy', 'web1.example.org', 2222, ['/.ssh/web_key', '/keys/deploy@web1.example.org', '/.ssh/id_any'], 2],
    ['web2', 'deploy', 'web2.example.org', 2222, ['/keys/deploy@web2.example.org', '/.ssh/id_any'], 2],
    ['web9', 'fallback', 'web9', 22, ['/.ssh/id_any'], 1],
    ['gw', 'jump user', '10.0.0.1', 22, ['/.ssh/id_any'], 1],
    ['db1', 'fallback', 'db1', 22, ['/.ssh/id_any'], 1],
    ['other', 'fallback', 'other', 22, ['/.ssh/id_any'], 1],
  ])('%s', (host, user, address, port, keys, length) => {
    const found = route(host);
    expect(hops(found)).toHaveLength(length);
    expect(last(found)).toMatchObject({ user, address, port, timeoutMs: 7000 });
    expect(last(found).identityFiles.map(({ path }) => path.replace(home, ''))).toEqual(keys);
  });

  it('honours HostKeyAlias, several known_hosts files and StrictHostKeyChecking', () => {
    expect(last(route('db1'))).toMatchObject({
      knownAs: 'database',
      hostKeyChecking: 'accept-new',
      knownHostsFiles: [
        `${home}/.ssh/db_hosts`,
        `${home}/.ssh/more hosts`,
        '/etc/ssh/ssh_known_hosts',
        '/etc/ssh/ssh_known_hosts2',
      ],
    });
    expect(last(route('db3'))).toMatchObject({ knownAs: 'db3', hostKeyChecking: 'strict' });
  });

  it('lets variables beat the file, and gives the Match for another user up', () => {
    const found = route('web1', { user: 'root', port: 9, privateKeyFile: '/k' });
    expect(hops(found)).toHaveLength(1);
    expect(last(found)).toMatchObject({
      user: 'root',
      port: 9,
      knownAs: '[web1.example.org]:9',
      alsoKnownAs: 'web1.example.org',
    });
    expect(last(found).identityFiles[0]).toEqual({ path: '/k', named: true });
  });

  it("reads what a jump host says of itself, and keeps the target's own settings from it", () => {
    const [jump] = hops(route('web2', { sshArgs: '-o ConnectTimeout=3' }));
    expect(jump).toMatchObject({ user: 'jump user', address: '10.0.0.1', identitiesOnly: true, timeoutMs: 7000 });
  });

  it('has the defaults of ssh', () => {
    expect(last(route('plain', {}, ''))).toMatchObject({
      user: 'me',
      port: 22,
      address: 'plain',
      agent: '/agent',
      methods: ['publickey', 'keyboard-interactive', 'password'],
    });
    expect(last(route('plain', {}, '')).identityFiles.map(({ path }) => path.replace(home, ''))).toContain(
      '/.ssh/id_ed25519',
    );
  });

  it.each([
    ['-J', '-J a,me2@b:23', ['a:22', 'b:23', 'x:22']],
    ['-o, with quotes', `-o "ProxyJump=a:1,[fe80::1]:2"`, ['a:1', 'fe80::1:2', 'x:22']],
    ['none', '-o ProxyJump=none', ['x:22']],
    ['-p and -l', '-p 77 -l you', ['x:77']],
  ])('reads SSH arguments: %s', (_, sshArgs, expected) => {
    expect(hops(route('x', { sshArgs }, '')).map(({ address, port }) => `${address}:${port}`)).toEqual(expected);
  });

  it('uses no agent when told so', () => {
    expect(last(route('x', {}, 'IdentityAgent none\n'))).not.toHaveProperty('agent');
  });

  it.each([
    ['IdentityAgent ${DIR}/a', { agent: '/dir/a' }],
    ['IdentityAgent $DIR', { agent: '/dir' }],
    ['PubkeyAuthentication no', { methods: ['keyboard-interactive', 'password'] }],
    ['PreferredAuthentications password,publickey', { methods: ['password', 'publickey'] }],
    ['ProxyCommand nc -x "a b" %h %p # %r', { proxyCommand: 'nc -x "a b" x 22 # me' }],
    ['AddressFamily inet6', { family: 6 }],
    ['BindAddress 10.1.1.1', { localAddress: '10.1.1.1' }],
  ])('honours %s', (line, expected) => {
    expect(last(route('x', {}, `${line}\n`))).toMatchObject(expected);
  });
});

describe('what cannot be honoured', () => {
  it.each([
    [
      'an option that changes how we connect',
      'Host x\n\n  KnownHostsCommand /bin/keys\n',
      ['ssh-option-unsupported:3'],
    ],
    ['a name that is no option', 'Hostnam y\nPrt 4\n', ['ssh-option-unknown:1', 'ssh-option-unknown:2']],
    ['Match exec', 'Match exec "true"\n User y\n', ['ssh-config-match:1']],
    ['a bad port', 'Port ssh\n', ['ssh-option-value:1']],
    ['a proxy jump that leads to itself', 'ProxyJump x\n', ['ssh-jump-loop:-']],
  ])('%s is refused with its place', (_, text, expected) => {
    expect(codes(route('x', {}, text))).toEqual(expected);
  });

  it.each([
    ['-W a:1', ['ssh-args-flag:-', 'ssh-args-flag:-']],
    ['-o "unclosed', ['ssh-args-quotes:-']],
    ['-o', ['ssh-args-value:-']],
    ['-o Ciphers=3des', ['ssh-option-unsupported:-']],
  ])('the SSH arguments %s are refused', (sshArgs, expected) => {
    expect(codes(route('x', { sshArgs }, ''))).toEqual(expected);
  });

  it.each([
    'Compression yes',
    'ForwardX11 no',
    'ControlMaster auto',
    'CanonicalizeHostname no',
    'IgnoreUnknown Foo*,Bar\nBar 1',
    'Host y\nCertificateFile z',
  ])('is none of: %s', (text) => expect(codes(route('x', {}, `${text}\n`))).toEqual([]));

  it('stops at a file that includes itself', () => {
    expect(codes(route('x', {}, `Include ${home}/own\n`))).toContain('ssh-config-include:-');
    // Read as often as there are ways through it, this one would take longer than the machine lasts.
    const sixTimes = `Include ${home}/own\n`.repeat(6);
    expect(codes(route('x', {}, sixTimes))).toEqual(['ssh-config-include:-']);
  });
});
