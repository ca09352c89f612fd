import type { FsStat, IFileSystem } from 'just-bash';
import type { SimulatedHost } from './host.ts';
import type { Process, TcpSocket } from './process.ts';

type Node =
  | { readonly kind: 'file'; read(): Buffer }
  | { readonly kind: 'link'; readonly to: string }
  | { readonly kind: 'directory'; readonly names: readonly string[] };

/** /proc, made from the state of the host at the moment of reading. */
export class ProcFiles implements IFileSystem {
  readonly #host: SimulatedHost;

  constructor(host: SimulatedHost) {
    this.#host = host;
  }

  async readFile(path: string): Promise<string> {
    return (await this.readFileBuffer(path)).toString('utf8');
  }

  async readFileBuffer(path: string): Promise<Buffer> {
    const node = this.#look(path);
    if (node.kind === 'file') return node.read();
    throw problem('EISDIR: illegal operation on a directory, read', path);
  }

  async exists(path: string): Promise<boolean> {
    return this.#find(path) !== undefined;
  }

  async stat(path: string): Promise<FsStat> {
    return this.lstat(path);
  }

  async lstat(path: string): Promise<FsStat> {
    const { kind } = this.#look(path);
    const is = { isFile: kind === 'file', isDirectory: kind === 'directory', isSymbolicLink: kind === 'link' };
    return { ...is, mode: kind === 'directory' ? 0o555 : 0o444, size: 0, mtime: this.#host.clock.now() };
  }

  async readdir(path: string): Promise<string[]> {
    const node = this.#look(path);
    if (node.kind === 'directory') return [...node.names];
    throw problem('ENOTDIR: not a directory, scandir', path);
  }

  async readdirWithFileTypes(path: string) {
    const names = await this.readdir(path);
    return names.map((name) => {
      const kind = this.#find(`${path}/${name}`)?.kind;
      return { name, isFile: kind === 'file', isDirectory: kind === 'directory', isSymbolicLink: kind === 'link' };
    });
  }

  async readlink(path: string): Promise<string> {
    const node = this.#look(path);
    if (node.kind === 'link') return node.to;
    throw problem('EINVAL: invalid argument, readlink', path);
  }

  async realpath(path: string): Promise<string> {
    this.#look(path);
    return path;
  }

  resolvePath(base: string, path: string): string {
    return path.startsWith('/') ? path : `${base}/${path}`;
  }

  getAllPaths(): string[] {
    return [];
  }

  writeFile = refuse;
  appendFile = refuse;
  mkdir = refuse;
  rm = refuse;
  cp = refuse;
  mv = refuse;
  chmod = refuse;
  symlink = refuse;
  link = refuse;
  utimes = refuse;

  #look(path: string): Node {
    const node = this.#find(path);
    if (node === undefined) throw problem('ENOENT: no such file or directory, open', path);
    return node;
  }

  #find(path: string): Node | undefined {
    const [first, ...rest] = path.split('/').filter((part) => part !== '' && part !== '.');
    if (first === undefined)
      return directory([...this.#host.processes.keys()].map(String).concat('uptime', 'net', 'sys', 'self'));
    if (first === 'self') return this.#ofProcess(this.#aProcess(), rest);
    if (/^\d+$/.test(first)) return this.#ofProcess(this.#host.processes.get(Number(first)), rest);
    return this.#ofSystem([first, ...rest].join('/'));
  }

  #aProcess(): Process | undefined {
    return [...this.#host.processes.values()].at(-1);
  }

  #ofSystem(path: string): Node | undefined {
    const host = this.#host;
    switch (path) {
      case 'uptime':
        return file(() => `${(host.clock.uptime() / 1000).toFixed(2)} 0.00\n`);
      case 'net/tcp':
        return file(() => tcpTable(host.sockets));
      case 'net/tcp6':
        return file(() => TCP_HEADER);
      case 'sys/kernel/random/boot_id':
        return file(() => `${host.bootId}\n`);
      case 'sys/net/netfilter/nf_conntrack_tcp_timeout_established':
        return file(() => '432000\n');
      default:
        return DIRECTORIES.get(path);
    }
  }

  #ofProcess(process: Process | undefined, [part, fd]: readonly string[]): Node | undefined {
    if (process === undefined) return undefined;
    switch (part) {
      case undefined:
        return directory(['stat', 'comm', 'cmdline', 'environ', 'exe', 'cgroup', 'maps', 'fd', 'net', 'ns']);
      case 'stat':
        return file(() => statLine(process));
      case 'comm':
        return file(() => `${process.comm}\n`);
      case 'cmdline':
        return file(() => process.argv.map((word) => `${word}\0`).join(''));
      case 'environ':
        return file(() => process.environment.map((line) => `${line}\0`).join(''));
      case 'cgroup':
        return file(() => `1:name=systemd:${process.cgroup ?? '/mesos_executors.slice'}\n`);
      case 'maps':
        return file(() => '7f79ac400000-7f79ac5d0000 r-xp 00000000 08:01 1310 /lib/x86_64-linux-gnu/libc.so.6\n');
      case 'exe':
        return { kind: 'link', to: `/opt/mesosphere/bin/${process.comm}` };
      case 'fd':
        return fd === undefined ? directory([...process.fds.keys()].map(String)) : link(process.fds.get(Number(fd)));
      case 'net':
        return fd === undefined ? directory(['tcp', 'tcp6']) : this.#ofSystem(`net/${fd}`);
      case 'ns':
        return fd === undefined ? directory(['net', 'mnt']) : link(NAMESPACES.get(fd));
      default:
        return undefined;
    }
  }
}

const NAMESPACES = new Map([
  ['net', 'net:[4026531992]'],
  ['mnt', 'mnt:[4026531840]'],
]);

const DIRECTORIES: ReadonlyMap<string, Node> = new Map([
  ['net', directory(['tcp', 'tcp6'])],
  ['sys', directory(['kernel', 'net'])],
  ['sys/kernel', directory(['random'])],
  ['sys/kernel/random', directory(['boot_id'])],
  ['sys/net', directory(['netfilter'])],
  ['sys/net/netfilter', directory(['nf_conntrack_tcp_timeout_established'])],
]);

function directory(names: readonly string[]): Node {
  return { kind: 'directory', names };
}

function file(text: () => string): Node {
  return { kind: 'file', read: () => Buffer.from(text(), 'latin1') };
}

function link(to: string | undefined): Node | undefined {
  return to === undefined ? undefined : { kind: 'link', to };
}

async function refuse(path: string): Promise<never> {
  throw problem('EACCES: permission denied', path);
}

function problem(what: string, path: string): Error {
  return new Error(`${what} '/proc${path}'`);
}

/** Fields 1 to 22; the rest is not asked for. */
function statLine({ pid, ppid, comm, startTicks }: Process): string {
  return `${pid} (${comm}) S ${ppid} ${pid} ${pid} 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 ${startTicks} 0 0\n`;
}

const TCP_HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const STATES = { ESTABLISHED: '01', TIME_WAIT: '06', LISTEN: '0A' } as const;

function tcpTable(sockets: ReadonlyMap<number, TcpSocket>): string {
  const rows = [...sockets.values()].map(
    ({ inode, state, local, peer }, index) =>
      `${String(index).padStart(4)}: ${hexEnd(local)} ${hexEnd(peer)} ${STATES[state]} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 20 4 30 10 -1`,
  );
  return `${TCP_HEADER}${rows.map((row) => `${row}\n`).join('')}`;
}

/** The kernel prints addresses as they lie in memory. */
function hexEnd({ address, port }: TcpSocket['local']): string {
  const bytes = address.split('.').map(Number).reverse();
  return `${Buffer.from(bytes).toString('hex').toUpperCase()}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
}
