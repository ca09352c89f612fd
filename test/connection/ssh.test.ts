import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Become, Connection, SshTarget } from '../../src/connection/connection.ts';
import { type CheckedConnections, createConnections } from '../../src/connection/connections.ts';
import type { ConnectionOptions } from '../../src/connection/options.ts';
import type { Outcome } from '../../src/shell/outcome.ts';
import { Secret, sh, shellText } from '../../src/shell/script.ts';
import { addUser, generate, rootMissing, type Sshd, sshdMissing, startSshd, type TemporaryUser } from '../sshd/sshd.ts';

const warnings: string[] = [];
const opened: CheckedConnections[] = [];

function connections(sshd: Sshd, more: Partial<ConnectionOptions> = {}): CheckedConnections {
  const made = createConnections({
    home: sshd.folder,
    localUser: sshd.user,
    env: {},
    random: () => 0,
    warn: (message) => warnings.push(message),
    knownHostsFiles: [sshd.knownHosts],
    sshConfigFile: 'none',
    ...more,
  });
  opened.push(made);
  return made;
}

function target(sshd: Sshd, more: Partial<SshTarget> = {}): SshTarget {
  return {
    kind: 'ssh',
    name: 'host',
    address: sshd.address,
    port: sshd.port,
    user: sshd.user,
    privateKeyFile: sshd.clientKey,
    ...more,
  };
}

function told(outcome: Outcome) {
  const { stdout, stderr, ...rest } = outcome;
  return { ...rest, stdout: Buffer.from(stdout).toString(), stderr: Buffer.from(stderr).toString() };
}

function reasonOf(result: object): string {
  return 'reason' in result ? String(result.reason) : `no reason: ${JSON.stringify(result)}`;
}

async function ask(connection: Connection, script: string): Promise<string> {
  return told(await connection.run(shellText(script), {})).stdout.trim();
}

/** Commands that run here and have this word in their arguments. */
function running(word: string): readonly string[] {
  const all = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => line.startsWith('sleep ') && line.includes(word));
}

afterAll(async () => {
  for (const each of opened) await each.close();
});

describe.skipIf(sshdMissing())('one host', () => {
  let sshd: Sshd;
  let host: Connection;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rollgate-test-'));
    sshd = await startSshd();
    host = connections(sshd).to(target(sshd));
  });
  afterAll(async () => {
    await sshd.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('tells output, errors and exit code apart', async () => {
    const outcome = await host.run(shellText('echo out; echo err >&2; exit 3'), {});
    expect(told(outcome)).toEqual({ kind: 'exited', code: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  it('tells an end by signal from an exit code', async () => {
    expect(await host.run(shellText('kill -TERM $$'), {})).toMatchObject({ kind: 'signalled', signal: 'SIGTERM' });
    expect(await host.run(shellText('exit 143'), {})).toMatchObject({ kind: 'exited', code: 143 });
  });

  it('gives the command its stdin, environment and folder, secrets too', async () => {
    const environment = { PLAIN: 'a b', TOKEN: new Secret("it's\na secret") };
    const outcome = await host.run(shellText('cat; echo "$PLAIN|$TOKEN"; pwd'), {
      stdin: Buffer.from('in\n'),
      environment,
      chdir: sh`/usr`,
    });
    expect(told(outcome).stdout).toBe("in\na b|it's\na secret\n/usr\n");
  });

  it.each([
    ['environment', {}],
    ['stdin', { stdin: new Secret('hidden-word') }],
  ])('keeps secrets out of the process list (%s)', async (_, more) => {
    const outcome = await host.run(
      sh`: ${new Secret('hidden-word')}; cat /proc/*/cmdline 2>/dev/null | tr '\\0' ' '`,
      more,
    );
    expect(told(outcome).stdout).not.toContain('hidden-word');
  });

  it('runs long scripts that fit in no argument, and leaves them their stdin', async () => {
    const filler = 'x'.repeat(300_000);
    const outcome = await host.run(sh`printf %s ${filler} | wc -c; cat`, { stdin: Buffer.from('rest') });
    expect(told(outcome).stdout.replace(/^ */, '')).toBe('300000\nrest');
  });

  it('runs scripts of several lines, with here-documents and backslashes', async () => {
    expect(await ask(host, 'cat <<"E"\na\\nb \'c\' !d\nE\nprintf "%s\\n" "$#"')).toBe("a\\nb 'c' !d\n0");
  });

  it('reports a missing folder as an ordinary failure', async () => {
    const outcome = told(await host.run(shellText('echo never'), { chdir: sh`/not/there` }));
    expect(outcome).toMatchObject({ kind: 'exited', code: 1, stdout: '' });
    expect(outcome.stderr).toContain('/not/there');
  });

  it('streams output as it comes', async () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    let go: () => void = () => {};
    const first = new Promise<void>((resolve) => {
      go = resolve;
    });
    const run = host.run(sh`echo first; cat ${fifo}`, { onOutput: () => go() });
    await first;
    writeFileSync(fifo, 'second\n');
    expect(told(await run).stdout).toBe('first\nsecond\n');
  });

  it('keeps ten megabytes of endless output and says so', async () => {
    let seen = 0;
    const outcome = await host.run(shellText('head -c 12000000 /dev/zero'), {
      onOutput: (_, bytes) => {
        seen += bytes.length;
      },
    });
    expect(seen).toBe(12_000_000);
    expect(outcome.stdout.length).toBeLessThan(10.1 * 1024 * 1024);
    expect(Buffer.from(outcome.stdout.slice(-120)).toString()).toContain('1514240 bytes more');
  });

  it('does not wait for what a command leaves in the background', async () => {
    const outcome = await host.run(shellText('sleep 86401 & echo $!'), {});
    const pid = Number(told(outcome).stdout);
    expect(outcome).toMatchObject({ kind: 'exited', code: 0 });
    process.kill(pid);
  });

  it.each([
    ['in the foreground', 'sleep 864LL'],
    ['in the background, in a session of its own', 'setsid sleep 864LL & sleep 864LL'],
    ['deaf to TERM', 'trap "" TERM; sleep 864LL; sleep 864LL'],
    ['with an environment of its own', 'env -i sleep 864LL; echo more'],
    ['left behind by its parent', '(setsid sleep 864LL &); sleep 864LL'],
  ])('leaves nothing running after a timeout: %s', async (_, script) => {
    const mark = String(process.pid);
    const outcome = await host.run(shellText(`echo up; ${script.replaceAll('LL', mark)}`), { timeoutMs: 400 });
    expect(outcome).toMatchObject({ kind: 'timed_out', left: '' });
    expect(told(outcome).stdout).toBe('up\n');
    expect(running(`864${mark}`)).toEqual([]);
  });

  it('ends a command when it is aborted', async () => {
    const stop = new AbortController();
    const run = host.run(shellText(`echo up; sleep 865${process.pid}`), {
      abort: stop.signal,
      onOutput: () => stop.abort(),
    });
    expect(await run).toMatchObject({ kind: 'aborted', left: '' });
    expect(running(`865${process.pid}`)).toEqual([]);
    expect(await host.run(shellText('echo never'), { abort: stop.signal })).toMatchObject({
      kind: 'aborted',
      left: '',
    });
  });

  it('queues what is above MaxSessions', async () => {
    const runs = await Promise.all(Array.from({ length: 30 }, (_, index) => ask(host, `sleep 0.1; echo ${index}`)));
    expect(runs).toEqual(Array.from({ length: 30 }, (_, index) => String(index)));
  });

  it('is one connection for one target, and another for another', async () => {
    const all = connections(sshd);
    const one = all.to(target(sshd));
    expect(all.to(target(sshd, { name: 'alias' }))).toBe(one);
    expect(all.to(target(sshd, { address: '127.9.9.9' }))).not.toBe(one);
    const [first, second] = await Promise.all([ask(one, 'echo $SSH_CONNECTION'), ask(one, 'echo $SSH_CONNECTION')]);
    expect(first).toBe(second);
    expect(await ask(all.to(target(sshd, { address: '127.9.9.9' })), 'echo $SSH_CONNECTION')).not.toBe(first);
  });

  it('says lost when the connection breaks under a command, and opens a new one for the next', async () => {
    // Its own server: others need not notice the cut before they go on.
    const cut = await startSshd();
    const own = connections(cut).to(target(cut));
    const outcome = await own.run(shellText('echo $$; exec sleep 86403'), { onOutput: () => cut.cut() });
    expect(outcome).toMatchObject({ kind: 'lost', reason: expect.stringMatching(/./) });
    process.kill(Number(told(outcome).stdout));
    expect(await ask(own, 'echo again')).toBe('again');
    await cut.stop();
  });

  it.each([
    ['bytes', Buffer.from([0, 255, 13, 10, 26, 128])],
    ['nothing', Buffer.alloc(0)],
  ])('uploads %s exactly, with their mode, and replaces what is there', async (_, bytes) => {
    const path = join(folder, 'up load');
    writeFileSync(path, 'old');
    expect(await host.upload(bytes, path, { mode: 0o640 })).toEqual({ kind: 'done' });
    expect(readFileSync(path)).toEqual(bytes);
    expect(statSync(path).mode & 0o7777).toBe(0o640);
  });

  it('streams large files both ways, with progress', async () => {
    const progress: number[] = [];
    const up = join(folder, 'node');
    const { size } = statSync(process.execPath);
    expect(
      await host.upload({ file: process.execPath }, up, { mode: 0o755, onProgress: (sent) => progress.push(sent) }),
    ).toEqual({ kind: 'done' });
    expect(progress.at(-1)).toBe(size);
    expect(await host.download(up, `${up}2`, {})).toEqual({ kind: 'done' });
    execFileSync('cmp', [process.execPath, `${up}2`]);
  });

  it('downloads files that say they are empty', async () => {
    const to = join(folder, 'version');
    expect(await host.download('/proc/version', to, {})).toEqual({ kind: 'done' });
    expect(readFileSync(to, 'utf8')).toBe(readFileSync('/proc/version', 'utf8'));
  });

  it.each([
    ['/not/there/file', 'directory /not/there does not exist'],
    ['a folder', 'it is a directory'],
    ['/proc/file', '/proc/file cannot be written'],
  ])('says why %s cannot be written', async (path, why) => {
    mkdirSync(join(folder, 'a folder'), { recursive: true });
    const result = await host.upload(Buffer.from('x'), resolve(folder, path), { mode: 0o644 });
    expect(result.kind).toBe('failed');
    expect(reasonOf(result)).toContain(why);
  });

  it('leaves nothing half written when an upload is given up', async () => {
    mkdirSync(join(folder, 'given-up'));
    const stop = new AbortController();
    const path = join(folder, 'given-up/file');
    const result = await host.upload({ file: process.execPath }, path, {
      mode: 0o600,
      abort: stop.signal,
      onProgress: () => stop.abort(),
    });
    expect(reasonOf(result)).toContain('aborted');
    await expect.poll(() => readdirSync(join(folder, 'given-up')), { timeout: 10_000 }).toEqual([]);
  });

  it('says lost when the connection breaks under an upload', async () => {
    const cut = await startSshd();
    const own = connections(cut).to(target(cut));
    const path = join(folder, 'cut');
    const options = { mode: 0o600, onProgress: () => cut.cut() };
    expect(await own.upload({ file: process.execPath }, path, options)).toMatchObject({ kind: 'lost' });
    expect(existsSync(path)).toBe(false);
    await cut.stop();
  });

  it('says why a file cannot be fetched, and leaves nothing', async () => {
    const to = join(folder, 'none');
    const result = await host.download('/not/there', to, {});
    expect(reasonOf(result)).toBe('/not/there cannot be read: it does not exist');
    expect(existsSync(to)).toBe(false);
    expect(reasonOf(await host.upload({ file: '/not/here' }, to, { mode: 0o600 }))).toContain('cannot be read here');
  });
});

describe.skipIf(sshdMissing())('who the host is', () => {
  let sshd: Sshd;
  let file: string;
  let other: string;

  beforeAll(async () => {
    sshd = await startSshd({ hostKeys: ['ed25519', 'rsa'] });
    file = join(sshd.folder, 'known');
    generate(join(sshd.folder, 'other'), 'ed25519');
    other = keyIn(join(sshd.folder, 'other.pub'));
  });
  afterAll(() => sshd.stop());

  const keyIn = (path: string): string => readFileSync(path, 'utf8').split(' ').slice(0, 2).join(' ');
  const name = (): string => `[127.0.0.1]:${sshd.port}`;
  const run = (known: string, more: Partial<ConnectionOptions> = {}): Promise<Outcome> => {
    writeFileSync(file, known);
    return connections(sshd, { knownHostsFiles: [file], ...more })
      .to(target(sshd))
      .run(shellText('true'), {});
  };

  it('knows a host by its RSA key alone, though it would show its ed25519 key', async () => {
    expect(await run(`${name()} ${keyIn(sshd.hostKey('rsa'))}\n`)).toMatchObject({ kind: 'exited', code: 0 });
  });

  it('refuses an unknown key, with its fingerprint and the line to add', async () => {
    const reason = reasonOf(await run(''));
    const print = execFileSync('ssh-keygen', ['-lf', sshd.hostKey('ed25519')], { encoding: 'utf8' }).split(' ')[1];
    expect(reason).toContain(print);
    expect(reason).toContain(`echo '${name()} ${keyIn(sshd.hostKey('ed25519'))}' >> ${file}`);
  });

  it('refuses a changed key, with both fingerprints and the line', async () => {
    const reason = reasonOf(await run(`# first\n${name()} ${other}\n`, { hostKeyChecking: 'accept-new' }));
    const print = (path: string): string =>
      execFileSync('ssh-keygen', ['-lf', path], { encoding: 'utf8' }).split(' ')[1] ?? '';
    expect(reason).toContain('has changed');
    expect(reason).toContain(print(sshd.hostKey('ed25519')));
    expect(reason).toContain(`${print(join(sshd.folder, 'other.pub'))} (${file}:2)`);
  });

  it('refuses a revoked key even when it is also known', async () => {
    const key = keyIn(sshd.hostKey('ed25519'));
    expect(reasonOf(await run(`${name()} ${key}\n@revoked * ${key}\n`))).toContain('@revoked');
  });

  it('adds a new key under accept-new, on a line of its own, and knows it from then on', async () => {
    expect(await run('# no newline', { hostKeyChecking: 'accept-new' })).toMatchObject({ kind: 'exited' });
    expect(readFileSync(file, 'utf8')).toBe(`# no newline\n${name()} ${keyIn(sshd.hostKey('ed25519'))}\n`);
    expect(warnings.at(-1)).toContain('was new');
    expect(await run(readFileSync(file, 'utf8'))).toMatchObject({ kind: 'exited' });
  });

  it('makes a known_hosts file that is ours alone', async () => {
    const fresh = join(sshd.folder, 'sub/known_hosts');
    await connections(sshd, { knownHostsFiles: [fresh], hostKeyChecking: 'accept-new' })
      .to(target(sshd))
      .run(shellText('true'), {});
    expect(statSync(fresh).mode & 0o777).toBe(0o600);
    expect(statSync(join(sshd.folder, 'sub')).mode & 0o777).toBe(0o700);
  });

  it('asks nothing when checking is off', async () => {
    expect(await run(`${name()} ${other}\n`, { hostKeyChecking: 'off' })).toMatchObject({ kind: 'exited' });
  });
});

describe.skipIf(sshdMissing())('logging in', () => {
  let sshd: Sshd;
  const agents: ChildProcess[] = [];

  beforeAll(async () => {
    sshd = await startSshd();
    generate(join(sshd.folder, 'locked'), 'ed25519', 'open sesame');
    generate(join(sshd.folder, 'stranger'), 'ed25519');
    appendFileSync(join(sshd.folder, 'client.pub'), readFileSync(join(sshd.folder, 'locked.pub')));
  });
  afterAll(async () => {
    for (const agent of agents) agent.kill();
    await sshd.stop();
  });

  const agentWith = async (...keys: readonly string[]): Promise<string> => {
    const socket = join(sshd.folder, `agent${agents.length}`);
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    agents.push(agent);
    await once(agent.stdout, 'data');
    for (const key of keys)
      execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' });
    return socket;
  };
  const login = (more: Partial<SshTarget>, options: Partial<ConnectionOptions> = {}): Promise<Outcome> =>
    connections(sshd, options).to(target(sshd, more)).run(shellText('true'), {});

  it('opens an encrypted key with its passphrase', async () => {
    const privateKeyFile = join(sshd.folder, 'locked');
    expect(await login({ privateKeyFile, privateKeyPassphrase: new Secret('open sesame') })).toMatchObject({
      kind: 'exited',
    });
    expect(reasonOf(await login({ privateKeyFile }))).toContain('is encrypted, and no passphrase was given');
    expect(reasonOf(await login({ privateKeyFile, privateKeyPassphrase: new Secret('wrong') }))).toContain(
      'cannot be decrypted with the passphrase',
    );
  });

  it('uses an agent', async () => {
    const { privateKeyFile: _, ...rest } = target(sshd);
    const SSH_AUTH_SOCK = await agentWith(join(sshd.folder, 'stranger'), sshd.clientKey);
    const outcome = await connections(sshd, { env: { SSH_AUTH_SOCK } }).to(rest).run(shellText('true'), {});
    expect(outcome).toMatchObject({ kind: 'exited' });
  });

  it('says what was tried, and tries once', async () => {
    const SSH_AUTH_SOCK = await agentWith(join(sshd.folder, 'stranger'));
    generate(join(sshd.folder, 'unwelcome'), 'ed25519');
    const before = sshd.log().split('Connection from').length;
    const reason = reasonOf(
      await login({ privateKeyFile: join(sshd.folder, 'unwelcome') }, { env: { SSH_AUTH_SOCK } }),
    );
    expect(reason).toContain(`publickey (${join(sshd.folder, 'unwelcome')}, agent: 1 key)`);
    expect(reason).toContain('the host accepts publickey');
    expect(sshd.log().split('Connection from').length).toBe(before + 1);
  });

  it('names a key file that is not there', async () => {
    expect(reasonOf(await login({ privateKeyFile: '/not/there' }))).toContain('/not/there does not exist');
  });
});

describe.skipIf(sshdMissing())('the way to the host', () => {
  let sshd: Sshd;
  let jump: Sshd;
  let config: string;

  beforeAll(async () => {
    sshd = await startSshd();
    jump = await startSshd();
    config = join(sshd.folder, 'config');
    appendFileSync(join(jump.folder, 'client.pub'), readFileSync(join(sshd.folder, 'client.pub')));
    writeFileSync(
      config,
      `Host jump1 jump2\n  HostName 127.0.0.1\n  Port ${jump.port}\n  IdentityFile ${sshd.clientKey}\n  HostKeyAlias %h\nHost jump2\n  HostName 127.0.0.2\n`,
    );
  });
  afterAll(async () => {
    await sshd.stop();
    await jump.stop();
  });

  const through = (sshArgs: string, known: readonly string[] = [sshd.knownHosts, jump.knownHosts]): Promise<Outcome> =>
    connections(sshd, { knownHostsFiles: known, sshConfigFile: config })
      .to(target(sshd, { sshArgs }))
      .run(shellText('echo $SSH_CONNECTION'), {});

  it.each(['-J USER@127.0.0.1:PORT,USER@127.0.0.2:PORT', '-o ProxyJump=127.0.0.1:PORT'])(
    'goes over jump hosts: %s',
    async (args) => {
      const before = jump.log().split('Accepted publickey').length;
      writeFileSync(config, `Host 127.0.0.1 127.0.0.2\n IdentityFile ${sshd.clientKey}\n`);
      const outcome = await through(args.replaceAll('PORT', String(jump.port)).replaceAll('USER', jump.user));
      expect(outcome).toMatchObject({ kind: 'exited' });
      expect(jump.log().split('Accepted publickey').length - before).toBe(args.split(',').length);
    },
  );

  it('verifies each jump host under its own name', async () => {
    const reason = reasonOf(await through(`-J 127.0.0.1:${jump.port}`, [sshd.knownHosts]));
    expect(reason).toContain('jump host 127.0.0.1: its host key is not known');
  });

  it('connects by a proxy command', async () => {
    const relay = join(sshd.folder, 'relay.cjs');
    writeFileSync(
      relay,
      "const s = require('net').connect(+process.argv[3], process.argv[2]); process.stdin.pipe(s).pipe(process.stdout);",
    );
    expect(await through(`-o 'ProxyCommand=node "${relay}" %h %p'`)).toMatchObject({ kind: 'exited' });
    expect(reasonOf(await through(`-o 'ProxyCommand=echo no way >&2; exit 1'`))).toContain('no way');
  });

  it('refuses by name what it cannot honour', async () => {
    expect(reasonOf(await through('-W a:1 -o KnownHostsCommand=/bin/x'))).toMatch(
      /-W is not supported.*a:1.*knownhostscommand/,
    );
  });
});

describe('servers that misbehave', () => {
  const servers: Server[] = [];
  let sshd: Sshd;

  afterAll(() => {
    for (const server of servers) server.close();
  });

  const fake = async (answer: (socket: Socket, count: number) => void): Promise<number> => {
    let count = 0;
    const server = createServer((socket) => {
      socket.on('error', () => {});
      answer(socket, ++count);
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const reach = async (port: number, more: Partial<ConnectionOptions> = {}): Promise<string> => {
    const options = {
      home: '/nonexistent',
      localUser: 'me',
      env: {},
      random: () => 0,
      warn: () => {},
      sshConfigFile: 'none',
      connectTimeoutMs: 300,
      connectAttempts: 2,
    };
    const made = createConnections({ ...options, ...more });
    const outcome = await made.to({ kind: 'ssh', name: 'h', address: '127.0.0.1', port }).run(shellText('true'), {});
    await made.close();
    expect(outcome.kind).toBe('unreachable');
    return reasonOf(outcome);
  };

  it('says that nothing listens, after trying again', async () => {
    const port = await fake(() => {});
    servers.pop()?.close();
    expect(await reach(port)).toMatch(/connection refused.*tried 2 times/);
  });

  it('does not wait for ever for a banner', async () => {
    expect(await reach(await fake(() => {}))).toContain('sent no SSH banner within 0.3 s');
  });

  it('does not wait for ever for a key exchange', async () => {
    expect(await reach(await fake((socket) => socket.write('SSH-2.0-slow\r\n')))).toContain(
      'the key exchange did not come to its end',
    );
  });

  it('survives a server that dies in the handshake', async () => {
    expect(await reach(await fake((socket) => socket.end('SSH-2.0-dying\r\n')))).toMatch(
      /during the key exchange.*tried 2 times/,
    );
  });

  it('survives a server that speaks something else', async () => {
    expect(await reach(await fake((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))).toContain('127.0.0.1');
  });

  it.skipIf(sshdMissing())('gets through to a server that turns the first away', async () => {
    sshd = await startSshd();
    const port = await fake((socket, count) => {
      if (count === 1) socket.destroy();
      else {
        const on = connect(sshd.port, '127.0.0.1').on('error', () => {});
        socket.pipe(on).pipe(socket);
      }
    });
    const made = connections(sshd, { hostKeyChecking: 'off' });
    expect(await made.to(target(sshd, { port })).run(shellText('true'), {})).toMatchObject({ kind: 'exited' });
    await made.close();
    await sshd.stop();
  });
});

describe.skipIf(rootMissing())('becoming somebody else', () => {
  const users: TemporaryUser[] = [];
  let sshd: Sshd;
  let free: TemporaryUser;
  let asked: TemporaryUser;
  let barred: TemporaryUser;
  let old: TemporaryUser;
  let all: CheckedConnections;

  beforeAll(async () => {
    free = addUser({ sudoers: ['USER ALL=(ALL) NOPASSWD: ALL'] });
    asked = addUser({ sudoers: ['Defaults:USER passwd_tries=3, timestamp_timeout=5, !lecture', 'USER ALL=(ALL) ALL'] });
    barred = addUser();
    old = addUser({ sudoers: ['Defaults:USER requiretty', 'USER ALL=(ALL) ALL'], shell: '/bin/bash' });
    users.push(free, asked, barred, old);
    sshd = await startSshd({ users: users.map(({ name }) => name), config: ['PasswordAuthentication yes'] });
    mkdirSync(join(sshd.folder, 'open'), { mode: 0o777 });
    all = connections(sshd);
  });
  afterAll(async () => {
    await all.close();
    await sshd.stop();
    for (const user of users) user.remove();
  });

  const as = (user: TemporaryUser): Connection => all.to(target(sshd, { user: user.name }));
  const root = (password?: string): Become => ({
    method: 'sudo',
    user: 'root',
    ...(password === undefined ? {} : { password: new Secret(password) }),
  });

  it('logs in with a password', async () => {
    const { privateKeyFile: _, ...rest } = target(sshd, { user: barred.name });
    const good = connections(sshd).to({ ...rest, password: new Secret(barred.password) });
    expect(await ask(good, 'id -un')).toBe(barred.name);
    const bad = connections(sshd).to({ ...rest, password: new Secret('wrong') });
    expect(reasonOf(await bad.run(shellText('true'), {}))).toContain('tried password: refused');
  });

  it('becomes root, and others, without a password', async () => {
    expect(told(await as(free).run(shellText('id -un; cat'), { become: root(), stdin: Buffer.from('x') })).stdout).toBe(
      'root\nx',
    );
    const become: Become = { method: 'sudo', user: barred.name };
    expect(
      told(await as(free).run(sh`id -un; echo "$A"; echo e >&2; exit 4`, { become, environment: { A: '1 2' } })),
    ).toEqual({
      kind: 'exited',
      code: 4,
      stdout: `${barred.name}\n1 2\n`,
      stderr: 'e\n',
    });
  });

  it('gives sudo its password only when asked, and the command its stdin whole', async () => {
    const become = root(asked.password);
    const first = await as(asked).run(shellText('id -un; cat'), { become, stdin: Buffer.from('mine\n') });
    expect(told(first)).toEqual({ kind: 'exited', code: 0, stdout: 'root\nmine\n', stderr: '' });
    const second = await as(asked).run(shellText('cat'), { become, stdin: Buffer.from('mine\n') });
    expect(told(second).stdout).toBe('mine\n');
  });

  it.each([
    ['a wrong password', () => as(asked), () => root('wrong'), /ansible_become_password is wrong/],
    [
      'no password where one is needed',
      () => as(asked),
      () => root(),
      /a password is required.*ansible_become_password/,
    ],
    ['a user without rights', () => as(barred), () => root(barred.password), /sudoers/],
    ['an unknown user', () => as(free), (): Become => ({ method: 'sudo', user: 'nobody-here' }), /no such user/],
  ])('says why sudo refused: %s', async (_, host, become, why) => {
    execFileSync('rm', ['-rf', `/run/sudo/ts/${asked.name}`]);
    const outcome = await host().run(shellText('id'), { become: become(), timeoutMs: 20_000 });
    expect(outcome.kind).toBe('become_refused');
    expect(reasonOf(outcome)).toMatch(why);
    expect(JSON.stringify(told(outcome))).not.toContain('rollgate-password');
  });

  it('gives sudo the terminal that requiretty wants', async () => {
    const become = root(old.password);
    expect(told(await as(old).run(shellText('id -un; printf "a\\nb\\r\\n"; exit 5'), { become }))).toMatchObject({
      kind: 'exited',
      code: 5,
      stdout: 'root\na\nb\r\n',
    });
    expect(told(await as(old).run(shellText('cat'), { become, stdin: Buffer.from('\x03\x04 bytes\n') })).stdout).toBe(
      '\x03\x04 bytes\n',
    );
    expect(await as(old).run(shellText('id'), { become: root('wrong'), timeoutMs: 20_000 })).toMatchObject({
      kind: 'become_refused',
    });
  });

  it("leaves none of root's processes running after a timeout", async () => {
    const mark = `866${process.pid}`;
    const script = shellText(`setsid sleep ${mark} & sleep ${mark}`);
    expect(await as(free).run(script, { become: root(), timeoutMs: 400 })).toMatchObject({
      kind: 'timed_out',
      left: '',
    });
    expect(running(mark)).toEqual([]);
  });

  it('uploads and downloads as another user', async () => {
    const path = join(sshd.folder, 'roots');
    const bytes = Buffer.from([0, 255, 10, 13, 128]);
    expect(await as(free).upload(bytes, path, { mode: 0o600, become: root() })).toEqual({ kind: 'done' });
    expect(readFileSync(path)).toEqual(bytes);
    expect(statSync(path)).toMatchObject({ uid: 0, mode: 0o100600 });
    expect(await as(free).download(path, `${path}2`, { become: root() })).toEqual({ kind: 'done' });
    expect(readFileSync(`${path}2`)).toEqual(bytes);
    expect(reasonOf(await as(free).upload(bytes, path, { mode: 0o600 }))).toContain('permission denied');
    expect(reasonOf(await as(free).upload(bytes, '/not/there', { mode: 0o600, become: root() }))).toMatch(
      /not\/there cannot be written/,
    );
  });

  it.each([
    ['without a password', () => as(free), () => root()],
    ['with a password', () => as(asked), () => root(asked.password)],
    ['at a terminal', () => as(old), () => root(old.password)],
  ])('sends on a file of root, %s', async (_, host, become) => {
    const [file, path] = [join(sshd.folder, 'rest-here'), join(sshd.folder, 'rest-there')];
    const bytes = readFileSync(process.execPath).subarray(0, 200_000);
    writeFileSync(file, bytes);
    writeFileSync(path, bytes.subarray(0, 100_000), { mode: 0o600 });
    expect(await host().append({ file, start: 100_000 }, path, { become: become() })).toEqual({ kind: 'done' });
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(statSync(path)).toMatchObject({ uid: 0, mode: 0o100600 });
    rmSync(path);
  });

  it('needs no sudo to stay who it is', async () => {
    const host = all.to(target(sshd));
    expect(told(await host.run(shellText('echo "${SUDO_USER:-nobody}"'), { become: root() })).stdout).toBe('nobody\n');
  });
});

describe.skipIf(sshdMissing())('a host without SFTP', () => {
  it('gets and gives files through the shell, byte by byte', async () => {
    const sshd = await startSshd({ sftp: false, config: ['MaxSessions 1'] });
    const host = connections(sshd).to(target(sshd));
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
    const path = join(sshd.folder, 'file');
    expect(await host.upload(bytes, path, { mode: 0o750 })).toEqual({ kind: 'done' });
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o750);
    expect(await host.download(path, `${path}2`, {})).toEqual({ kind: 'done' });
    expect(readFileSync(`${path}2`).equals(bytes)).toBe(true);
    expect(reasonOf(await host.upload(bytes, sshd.folder, { mode: 0o600 }))).toContain('it is a directory');
    expect(reasonOf(await host.download('/not/there', `${path}3`, {}))).toMatch(/not\/there/);
    await sshd.stop();
  });
});
