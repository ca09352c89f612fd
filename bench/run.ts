/**
 * The same six small commands on 100 hosts, 10 at a time, by rollgate, by a bare ssh2 loop, and by ansible-playbook,
 * clush and parallel-ssh where they are installed: wall time, CPU and memory, as ratios to rollgate in the same run.
 * All 100 hosts are addresses of one sshd on loopback, so its share of the machine is the same for all.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { addUser, rootMissing, startSshd } from '../test/sshd/sshd.ts';
import { BARE_LOOP, JOURNALLED_LOOP } from './bare-loop.ts';

const HOSTS = 100;
const AT_A_TIME = 10;
const ROUNDS = Number(process.argv[2] ?? 3);
/** Only contenders whose name holds this. */
const ONLY = process.argv[3] ?? '';
const COMMANDS = ['uptime', 'uname -n', 'cat /proc/uptime', 'id', 'ls /', 'echo done'];
const root = join(import.meta.dirname, '..');

interface Contender {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Said when the program is not there. */
  readonly missing?: string;
}

/** Wall seconds, CPU seconds of the process and all its children, memory of its largest process in megabytes. */
interface Figures {
  readonly wall: number;
  readonly cpu: number;
  readonly memory: number;
}

if (!existsSync('/usr/bin/time')) throw new Error('the bench measures with GNU time: apt-get install time');
execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
// A user with a bare shell: what root's own profile does at each login would drown what is measured.
const user = rootMissing() === undefined ? addUser({ shell: '/bin/sh' }) : undefined;
const sshd = await startSshd({
  config: ['MaxStartups 200', 'UsePAM no', 'UseDNS no'],
  ...(user === undefined ? {} : { users: [user.name] }),
});
const login = user?.name ?? sshd.user;
const work = mkdtempSync(join(tmpdir(), 'rollgate-bench-'));
try {
  await report(contenders());
} finally {
  await sshd.stop();
  user?.remove();
  rmSync(work, { recursive: true, force: true });
}

function contenders(): readonly Contender[] {
  const addresses = Array.from({ length: HOSTS }, (_, index) => `127.0.1.${index + 1}`);
  const options = `-o UserKnownHostsFile=${sshd.knownHosts} -o GlobalKnownHostsFile=/dev/null -o IdentityFile=${sshd.clientKey} -o IdentitiesOnly=yes`;
  const all = `ansible_user=${login} ansible_port=${sshd.port} ansible_ssh_private_key_file=${sshd.clientKey} ansible_ssh_common_args='${options}'`;
  const file = (name: string, text: string) => {
    writeFileSync(join(work, name), text);
    return join(work, name);
  };
  const inventory = file('hosts', `${addresses.map((address) => `${address} ${all}`).join('\n')}\n`);
  const hosts = file('names', `${addresses.join('\n')}\n`);
  const playbook = (action: string) =>
    file(
      `${action}.yml`,
      `- hosts: all\n  gather_facts: false\n  tasks:\n${COMMANDS.map((command) => `    - ${action}: ${command}\n`).join('')}`,
    );
  const bare = [
    join(root, 'node_modules/ssh2/lib/index.js'),
    sshd.clientKey,
    String(sshd.port),
    login,
    String(AT_A_TIME),
    JSON.stringify(COMMANDS),
    ...addresses,
  ];
  const ansible = {
    ANSIBLE_PIPELINING: 'True',
    ANSIBLE_HOST_KEY_CHECKING: 'True',
    ANSIBLE_FORKS: String(AT_A_TIME),
    ANSIBLE_STDOUT_CALLBACK: 'minimal',
  };
  const ssh = ['-p', String(sshd.port), ...options.split(' ')];
  const joined = COMMANDS.join('; ');
  return [
    { name: 'rollgate, command', argv: rollgate(playbook('command'), inventory) },
    { name: 'rollgate, raw', argv: rollgate(playbook('raw'), inventory) },
    { name: 'bare ssh2 loop', argv: ['node', file('bare.mjs', BARE_LOOP), ...bare] },
    {
      name: 'bare loop with journal',
      argv: ['node', file('journalled.mjs', JOURNALLED_LOOP), ...bare],
      env: { JOURNAL: join(work, 'journal.jsonl') },
    },
    found('ansible-playbook', {
      name: 'ansible, command',
      argv: ['ansible-playbook', '-i', inventory, playbook('command')],
      env: ansible,
    }),
    found('ansible-playbook', {
      name: 'ansible, raw',
      argv: ['ansible-playbook', '-i', inventory, playbook('raw')],
      env: ansible,
    }),
    found('clush', {
      name: 'clush, six as one',
      argv: [
        'clush',
        '-q',
        '-f',
        String(AT_A_TIME),
        '-l',
        login,
        '-o',
        ssh.join(' '),
        '-w',
        addresses.join(','),
        joined,
      ],
    }),
    found('parallel-ssh', {
      name: 'parallel-ssh, six as one',
      argv: [
        'parallel-ssh',
        '-p',
        String(AT_A_TIME),
        '-l',
        login,
        '-h',
        hosts,
        ...ssh.slice(2).map((word) => (word === '-o' ? '-O' : word)),
        '-O',
        `Port=${sshd.port}`,
        joined,
      ],
    }),
  ];
}

function rollgate(playbook: string, inventory: string): readonly string[] {
  return [
    'node',
    join(root, 'dist/cli.js'),
    'run',
    playbook,
    '-i',
    inventory,
    '-f',
    String(AT_A_TIME),
    '--yes',
    '--format',
    'lines',
    '--state-dir',
    join(work, 'state'),
  ];
}

function found(program: string, contender: Contender): Contender {
  const there = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  return there ? contender : { ...contender, missing: `${program} is not installed` };
}

/** Not in a blocking way: the sshd's log is read by this process, and a full pipe would hold the sshd up. */
async function measure({ argv, env }: Contender): Promise<Figures> {
  const figures = join(work, 'time');
  const measured = ['-q', '-o', figures, '-f', '%e %U %S %M', ...argv];
  await promisify(execFile)('/usr/bin/time', measured, { env: { ...process.env, ...env }, maxBuffer: 1 << 28 });
  const [wall = 0, user = 0, system = 0, kilobytes = 0] = readFileSync(figures, 'utf8').trim().split(' ').map(Number);
  return { wall, cpu: user + system, memory: kilobytes / 1024 };
}

/** In turn, so that a slow moment of the machine meets all of them. The median of each figure. */
async function report(all: readonly Contender[]): Promise<void> {
  const able = all.filter(({ name, missing }) => missing === undefined && name.includes(ONLY));
  const measured = new Map(able.map((contender) => [contender.name, [] as Figures[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of able) measured.get(contender.name)?.push(await measure(contender));
  }
  const medians = [...measured].map(([name, figures]) => ({
    name,
    wall: median(figures, 'wall'),
    cpu: median(figures, 'cpu'),
    memory: median(figures, 'memory'),
  }));
  const [ours] = medians;
  if (ours === undefined) return;
  console.log(
    `${COMMANDS.length} commands on ${HOSTS} hosts, ${AT_A_TIME} at a time; medians of ${ROUNDS}; ratios to rollgate's command\n`,
  );
  console.log(
    `${'contender'.padEnd(26)}${'wall s'.padStart(9)}${'ratio'.padStart(8)}${'CPU s'.padStart(9)}${'ratio'.padStart(8)}${'MB'.padStart(8)}`,
  );
  for (const { name, wall, cpu, memory } of medians) {
    console.log(
      `${name.padEnd(26)}${wall.toFixed(2).padStart(9)}${(wall / ours.wall).toFixed(2).padStart(8)}${cpu.toFixed(2).padStart(9)}${(cpu / ours.cpu).toFixed(2).padStart(8)}${memory.toFixed(0).padStart(8)}`,
    );
  }
  for (const { name, missing } of all)
    if (missing !== undefined) console.log(`${name.padEnd(26)} left out: ${missing}`);
}

function median(figures: readonly Figures[], key: keyof Figures): number {
  const sorted = figures.map((figure) => figure[key]).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
