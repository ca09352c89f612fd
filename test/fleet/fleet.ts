import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../sshd/sshd.ts';
import { boot, type FleetHost, type HostSpec } from './host.ts';
import { fleetImage } from './image.ts';
import { type Master, type MasterOptions, startMaster } from './master.ts';

/** Real hosts in containers: systemd, sshd, Docker, and stand-ins of the Mesos agent and its executors. */
export interface Fleet {
  readonly hosts: readonly FleetHost[];
  host(name: string): FleetHost;
  readonly master: Master;
  /** Where the master is seen from here. Its agents see it at the address of Docker's bridge. */
  readonly masterUrl: string;
  readonly keyFile: string;
  readonly knownHostsFile: string;
  /** Everything that it made on this machine but containers, and goes with it. */
  readonly folder: string;
  /** All hosts in a group `agents`, for `root` or the sudoer `core`. */
  inventory(user?: 'root' | 'core'): string;
  stop(): Promise<void>;
}

export interface FleetSpec {
  readonly hosts: readonly HostSpec[];
  readonly master?: MasterOptions;
}

/**
 * Why there can be no fleet here, or undefined. Under CI there must be one: a test left out in silence tests nothing.
 * Usage: `describe.skipIf(fleetMissing())('…')`.
 */
export function fleetMissing(): string | undefined {
  const why = reasonAgainst();
  if (why === undefined) return undefined;
  if (process.env.CI) throw new Error(why);
  console.warn(why);
  return why;
}

function reasonAgainst(): string | undefined {
  const leftOut = 'the tests with a fleet of real hosts are left out';
  if (process.getuid?.() !== 0) return `not root here: ${leftOut}`;
  if (!existsSync('/usr/sbin/debootstrap')) return `debootstrap is not installed: ${leftOut}`;
  try {
    execFileSync('docker', ['version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `no Docker answers here: ${leftOut}`;
  }
}

export async function startFleet(spec: FleetSpec): Promise<Fleet> {
  const image = await fleetImage();
  const folder = mkdtempSync(join(tmpdir(), 'rollgate-fleet-'));
  const keyFile = join(folder, 'id_ed25519');
  const label = `rollgate-fleet=${folder}`;
  generate(keyFile, 'ed25519');
  const master = await startMaster(spec.master);
  const orphaned = (): void => removeContainers(label);
  process.once('exit', orphaned);
  const stop = async (): Promise<void> => {
    process.off('exit', orphaned);
    removeContainers(label);
    await master.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const around = {
    image,
    label,
    masterPort: master.port,
    publicKey: readFileSync(`${keyFile}.pub`, 'utf8'),
  };
  const booted = await Promise.allSettled(spec.hosts.map((each) => boot(each, around)));
  const failed = booted.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const hosts = booted.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const knownHostsFile = join(folder, 'known_hosts');
  writeFileSync(knownHostsFile, (await Promise.all(hosts.map(knownLine))).join(''));
  return {
    hosts,
    host: (name) => named(hosts, name),
    master,
    masterUrl: `http://127.0.0.1:${master.port}`,
    keyFile,
    knownHostsFile,
    folder,
    inventory: (user = 'root') => inventoryText(hosts, { user, keyFile, knownHostsFile }),
    stop,
  };
}

function named(hosts: readonly FleetHost[], name: string): FleetHost {
  const found = hosts.find((host) => host.name === name);
  if (found === undefined) throw new Error(`the fleet has no host ${name}`);
  return found;
}

async function knownLine(host: FleetHost): Promise<string> {
  return `${host.address} ${await host.read("cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub")}\n`;
}

/** In one piece, without waiting, so that it can be done while this process ends. */
function removeContainers(label: string): void {
  const ids = execFileSync('docker', ['ps', '-aq', '--filter', `label=${label}`], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
  if (ids.length > 0) execFileSync('docker', ['rm', '-fv', ...ids], { stdio: 'ignore' });
}

function inventoryText(
  hosts: readonly FleetHost[],
  {
    user,
    keyFile,
    knownHostsFile,
  }: { readonly user: string; readonly keyFile: string; readonly knownHostsFile: string },
): string {
  return `[agents]
${hosts.map(({ name, address }) => `${name} ansible_host=${address}`).join('\n')}

[agents:vars]
ansible_user=${user}
ansible_ssh_private_key_file=${keyFile}
ansible_ssh_common_args='-F none -o UserKnownHostsFile=${knownHostsFile}'
`;
}
