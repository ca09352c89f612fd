import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { EmbeddedHost } from './embedded-host.ts';
import { type HostSpec, SimulatedHost } from './simulated/host.ts';

export interface FleetSpec {
  readonly hosts: readonly HostSpec[];
}

/** Hosts that speak real SSH on 127.0.0.1, each on a port of its own, and the files a person would need to reach them. */
export interface Fleet {
  readonly hosts: ReadonlyMap<string, EmbeddedHost>;
  readonly directory: string;
  readonly inventoryFile: string;
  readonly knownHostsFile: string;
  readonly keyFile: string;
  /** An image that no host has until it is loaded: an archive on this machine, and the id it will have. */
  readonly gdbImage: { readonly archive: string; readonly id: string };
  stop(): Promise<void>;
}

/** The user that the key opens, on every host. */
export const USER = 'operator';

/** ssh2 writes about one key in 250 in a form that it cannot read itself: such a one is made again. */
function generateKeyPair(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}

export async function startFleet(spec: FleetSpec): Promise<Fleet> {
  const directory = await mkdtemp(join(tmpdir(), 'rollgate-fleet-'));
  // One pair for all hosts: making keys costs more than anything else here.
  const hostKey = generateKeyPair();
  const clientKey = generateKeyPair();
  const hosts = await Promise.all(
    spec.hosts.map((each) =>
      EmbeddedHost.start(new SimulatedHost(each), {
        hostKey: hostKey.private,
        clientKey: clientKey.public,
        user: USER,
      }),
    ),
  );
  const files = {
    inventoryFile: join(directory, 'inventory.ini'),
    knownHostsFile: join(directory, 'known_hosts'),
    keyFile: join(directory, 'id_ed25519'),
  };
  const gdbImage = { archive: join(directory, 'gdb-image.tar'), id: imageId(GDB_ARCHIVE) };
  await writeFile(files.keyFile, clientKey.private, { mode: 0o600 });
  await writeFile(
    files.knownHostsFile,
    hosts.map((host) => `[${host.address}]:${host.port} ${hostKey.public}\n`).join(''),
  );
  await writeFile(files.inventoryFile, inventoryText(hosts, files));
  await writeFile(gdbImage.archive, GDB_ARCHIVE);
  return {
    hosts: new Map(hosts.map((host) => [host.name, host])),
    directory,
    ...files,
    gdbImage,
    stop: async () => {
      await Promise.all(hosts.map((host) => host.stop()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const GDB_ARCHIVE = 'an image archive as the simulated Docker loads it\n';

/** The simulated Docker names an image by the digest of the archive it came in. */
function imageId(archive: string): string {
  return `sha256:${createHash('sha256').update(archive).digest('hex')}`;
}

function inventoryText(hosts: readonly EmbeddedHost[], files: { knownHostsFile: string; keyFile: string }): string {
  const lines = hosts.map(({ name, address, port }) => `${name} ansible_host=${address} ansible_port=${port}`);
  return `[agents]
${lines.join('\n')}

[agents:vars]
ansible_user=${USER}
ansible_ssh_private_key_file=${files.keyFile}
ansible_ssh_common_args='-F none -o UserKnownHostsFile=${files.knownHostsFile}'
`;
}
