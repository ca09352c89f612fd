import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startScript } from '../../src/actions/mesos/detached.ts';
import { procedureScript } from '../../src/actions/mesos/procedure-script.ts';
import { readStat } from '../../src/actions/mesos/processes.ts';
import { render, sh } from '../../src/shell/script.ts';
import { leaveOut, onEveryShell } from '../actions/machine.ts';

/** A link among many sockets; at a signal it ends as one does that was shut. */
const EXECUTOR = `
const net = require('node:net');
const others = net.createServer().listen(Number(process.env.OTHERS ?? 0), '127.0.0.1', () => {
  for (let n = 0; n < 40; n++) net.connect(others.address().port, '127.0.0.1');
});
const link = net.connect(Number(process.env.PORT), '127.0.0.1', () => console.log('up'));
link.on('error', () => {});
process.on('SIGUSR2', () => link.destroy());
setInterval(() => {}, 1e6);
`;

const AWK =
  process.env.PATH?.split(':')
    .map((place) => join(place, 'awk'))
    .find((file) => existsSync(file)) ?? '';

/** What stands for systemd: a unit's process is the one whose pid is in a file of the unit's name. */
const TOOLS: Readonly<Record<string, string>> = {
  systemctl: `
for unit; do :; done
echo "systemctl $*" >>"$HOME_OF_TEST/calls"
case "$*" in
'show -p MainPID '*) echo "MainPID=$(cat "$HOME_OF_TEST/$unit" 2>/dev/null || echo 0)" ;;
'show -p Job '*) echo Job= ;;
'reset-failed rollgate-throwaway.service') rm -f "$HOME_OF_TEST/throwaway-failed" ;;
restart*) cp "$HOME_OF_TEST/next" "$HOME_OF_TEST/$unit" ;;
esac`,
  'systemd-run': `
echo "systemd-run $*" >>"$HOME_OF_TEST/calls"
[ ! -e "$HOME_OF_TEST/throwaway-failed" ] || { echo 'Unit rollgate-throwaway.service already exists.' >&2; exit 1; }
echo $$ >"$HOME_OF_TEST/rollgate-throwaway.service"`,
  awk: `
echo awk >>"$HOME_OF_TEST/calls"
exec ${AWK} "$@"`,
  docker: `
echo "docker $*" >>"$HOME_OF_TEST/calls"
case $1 in
run) : >"$HOME_OF_TEST/container" ;;
rm) [ ! -e "$HOME_OF_TEST/rm-hangs" ] || [ ! -e "$HOME_OF_TEST/container" ] || exec sleep 600 ;;
exec)
  case "$*" in *'shutdown(-1,0)'*) echo '$1 = -1'; exit ;; esac
  for word; do case $word in 'attach '*) kill -USR2 "\${word#attach }" ;; esac; done
  echo '$1 = 0'
  [ ! -e "$HOME_OF_TEST/another-comes" ] || cp "$HOME_OF_TEST/next" "$HOME_OF_TEST/agent.service"
  [ ! -e "$HOME_OF_TEST/exec-hangs" ] || exec sleep 600 ;;
esac`,
};

/** The script itself, on a machine whose systemd and Docker are told what to do. */
describe('the procedure on its host', () => {
  let folder = '';
  let agent: Server;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rollgate-procedure-'));
    mkdirSync(join(folder, 'bin'));
    for (const [name, text] of Object.entries(TOOLS)) {
      writeFileSync(join(folder, 'bin', name), `#!/bin/sh${text.replaceAll('$HOME_OF_TEST', folder)}\n`);
      chmodSync(join(folder, 'bin', name), 0o755);
    }
    agent = createServer((_, response) => response.end('{}'));
    await new Promise<void>((done) => agent.listen(0, '127.0.0.1', done));
    for (const name of ['agent.service', 'next']) tell(name, String((await launch('sleep', ['600'])).pid));
  });

  afterEach(() => {
    for (const { pid } of children.splice(0)) if (pid !== undefined) killGroup(pid);
    agent.closeAllConnections();
    agent.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function tell(name: string, text = ''): void {
    writeFileSync(join(folder, name), text);
  }

  const told = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '');

  /** In a group of its own, so that what it starts can be ended with it. */
  async function launch(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    children.push(child);
    await new Promise<void>((done) => child.once('spawn', () => done()));
    return child;
  }

  const port = () => (agent.address() as AddressInfo).port;
  const startOf = (pid: number) => readStat(readFileSync(`/proc/${pid}/stat`))?.start ?? 0;

  async function executor(env: NodeJS.ProcessEnv): Promise<{ readonly pid: number; readonly start: number }> {
    const child = await launch(process.execPath, ['-e', EXECUTOR], { ...env, PORT: String(port()) });
    await new Promise<void>((done) => child.stdout?.once('data', () => done()));
    const { pid = 0 } = child;
    return { pid, start: startOf(pid) };
  }

  /** Resolves when the script says that it is done with the host; it need not have ended. */
  async function run(
    shell: readonly [string, ...string[]],
    count: number,
    executorEnv: NodeJS.ProcessEnv = {},
  ): Promise<readonly number[]> {
    const targets = [];
    for (let n = 0; n < count; n++) targets.push(await executor(executorEnv));
    const pid = Number(told('agent.service'));
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const script = procedureScript(
      {
        run: 'r',
        unit: 'agent.service',
        instance: `${boot}/${pid}/${startOf(pid)}`,
        port: port(),
        image: 'sha256:0',
        privileged: false,
        lengthSeconds: 900,
        reserveSeconds: 180,
        maxDownSeconds: 45,
        targets,
        isOpen: false,
      },
      folder,
    );
    tell('procedure.sh', render(script));
    const [program, ...words] = shell;
    const env = { PATH: `${folder}/bin:${process.env.PATH}` };
    const child = await launch(program, [...words, join(folder, 'procedure.sh')], env);
    const ended = new Promise<boolean>((done) => child.once('exit', () => done(true)));
    while (!/^phase (restarted|refused)$/m.test(told('state')))
      if (await Promise.race([ended, new Promise<boolean>((done) => setTimeout(() => done(false), 50))])) break;
    return targets.map((target) => target.pid);
  }

  const restarts = () =>
    told('calls')
      .split('\n')
      .filter((call) => call.startsWith('systemctl restart')).length;

  onEveryShell((shell) => {
    it('shuts every link and restarts the agent', async () => {
      const [one, other] = await run(shell, 2);
      for (const pid of [one, other]) expect(told('results')).toMatch(new RegExp(`^= after ${pid} \\d+ closed$`, 'm'));
      expect(told('state')).toMatch(/^phase restarted$/m);
      expect(restarts()).toBe(1);
    });

    it('reads the tables of sockets no more often for an executor that has many', async () => {
      await run(shell, 1);
      expect(
        told('calls')
          .split('\n')
          .filter((call) => call === 'awk').length,
      ).toBeLessThan(40);
    });

    it('does not wait for a Docker that hangs when links are shut', async () => {
      tell('rm-hangs');
      await run(shell, 1);
      expect(told('state')).toMatch(/^phase restarted$/m);
      expect(restarts()).toBe(1);
    });

    it('shuts no further link once another agent has come by itself, and restarts none', async () => {
      tell('another-comes');
      const [one, other] = await run(shell, 2);
      expect(told('results')).toMatch(new RegExp(`^= after ${one} \\d+ closed$`, 'm'));
      expect(told('results')).toMatch(new RegExp(`^= left ${other} restarted$`, 'm'));
      expect(told('calls')).not.toContain(`attach ${other}`);
      expect(told('results')).toMatch(/^= restarted already$/m);
      expect(restarts()).toBe(0);
    });

    it('tries gdb although its last try left a unit that failed', async () => {
      tell('throwaway-failed');
      await run(shell, 1);
      expect(told('state')).toMatch(/^phase restarted$/m);
    });
  });

  it('shuts no link to a port that is the same number to awk: 1E03 and 1000', async () => {
    await new Promise<void>((done) => agent.close(() => agent.listen(0x1e03, '127.0.0.1', done)));
    const [pid] = await run(['sh'], 1, { OTHERS: String(0x1000) });
    expect(told('calls').match(new RegExp(`attach ${pid} .*shutdown`, 'g'))).toHaveLength(1);
    expect(told('results')).toMatch(new RegExp(`^= after ${pid} \\d+ closed$`, 'm'));
    expect(restarts()).toBe(1);
  });

  const isPossible = ['mksh', 'unshare'].every(
    (tool) => spawnSync(tool, [tool === 'mksh' ? '-c' : '-m', 'true']).status === 0,
  );
  if (!isPossible) leaveOut('a disk of its own needs root, and a shell that puts here-documents there: mksh');
  // As every bash before 5.1 does, which nobody has any more to test with.
  else
    describe('whose shell puts here-documents on a disk that is full', () => {
      const FILL =
        'mount -t tmpfs -o size=4k none full && { cat /dev/zero >full/fill; TMPDIR=$PWD/full; export TMPDIR; }';

      it('shuts every link', async () => {
        mkdirSync(join(folder, 'full'));
        const [pid] = await run(['unshare', '-m', '/bin/sh', '-c', `cd "$0" && ${FILL} && exec mksh "$1"`, folder], 1);
        expect(told('results')).toMatch(new RegExp(`^= after ${pid} \\d+ closed$`, 'm'));
      });

      /** The script that leaves the procedure on the host, in a /var/lib of its own; what it says. */
      function left(room: string): string {
        for (const name of ['full', 'lib']) mkdirSync(join(folder, name));
        const start = render(startScript(sh`echo ${'procedure '.repeat(2000)}`, 'r', 'i'));
        const mounts = `mount -t tmpfs -o size=${room} none lib && mount --bind lib /var/lib`;
        const text = `cd "$0" && ${mounts} && ${FILL} && PATH=$0/bin:$PATH && { mksh -c "$1"; cp /var/lib/rollgate/*/procedure.sh .; }`;
        return spawnSync('unshare', ['-m', '/bin/sh', '-c', text, folder, start], { encoding: 'utf8' }).stdout;
      }

      it('is left there as a whole', () => {
        expect(left('1m')).toBe('');
        expect(told('procedure.sh')).toContain('procedure '.repeat(2000));
      });

      it('is not begun where it cannot be left as a whole', () => {
        expect(left('16k')).toMatch(/^= refused the procedure cannot be written to .*: is its disk full/);
        expect(told('calls')).not.toContain('systemd-run');
      });
    });

  it('takes the word of gdb where Docker does not notice its end, and goes on', { timeout: 30_000 }, async () => {
    tell('exec-hangs');
    const [one, other] = await run(['/bin/sh'], 2);
    for (const pid of [one, other]) expect(told('results')).toMatch(new RegExp(`^= shut ${pid} \\d+ 0$`, 'm'));
    expect(told('results')).not.toContain('hung');
  });
});

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
