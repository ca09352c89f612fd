import { createHash } from 'node:crypto';
import type { SimulatedHost } from '../simulated/host.ts';
import { containerName, type Executor } from '../simulated/mesos.ts';
import { command, failure, type HostCommands, type Said } from './command.ts';
import { gdb } from './gdb.ts';

export const dockerCommands: HostCommands = ({ state }) => [
  command('docker', async (args, { fs, cwd, stdin }) => {
    if (state.spec.dockerDown === true) {
      return failure(1, 'Cannot connect to the Docker daemon. Is the docker daemon running on this host?');
    }
    const [verb, ...rest] = args[0] === 'image' ? args.slice(1) : args;
    switch (verb) {
      case 'info':
        return { stdout: ' Storage Driver: overlay\n Docker Root Dir: /var/lib/docker\n' };
      case 'pull':
        return pull(state, rest);
      case 'ps':
        return { stdout: rest.includes('-q') ? `${idsOf(state)}${containerIds(state)}` : containers(state) };
      case 'images':
        return { stdout: [...state.images].map((id) => `${id}\n`).join('') };
      case 'inspect':
        if (rest.includes('container')) return inspectContainers(state, rest);
        return rest[0] === '-f' ? inspectContainer(state, rest.at(-1) ?? '') : inspect(state, rest);
      case 'load': {
        const file = rest[rest.indexOf('-i') + 1];
        const bytes =
          rest.includes('-i') && file !== undefined
            ? await fs.readFileBuffer(fs.resolvePath(cwd, file))
            : Buffer.from(String(stdin), 'latin1');
        return load(state, bytes);
      }
      case 'run':
        return run(state, rest);
      case 'exec': {
        const [container = '', program, ...given] = rest;
        if (!state.containers.has(container)) return failure(1, `Error: No such container: ${container}`);
        return program === 'gdb' ? { stdout: gdb(state, given) } : failure(127, 'executable file not found in $PATH');
      }
      case 'rm': {
        const container = rest.at(-1) ?? '';
        return state.containers.delete(container)
          ? { stdout: `${container}\n` }
          : failure(1, `Error: No such container: ${container}`);
      }
      default:
        return { stdout: `Docker version 1.11.2, build b9f10c9\n` };
    }
  }),
];

function containers(state: SimulatedHost): string {
  const rows = running(state).map(
    ({ process }) =>
      `${process.pid.toString(16).padStart(12, 'c')}        app:1               "/bin/sh"           6 days ago          Up 6 days                               mesos-S1.${process.pid}`,
  );
  return `${['CONTAINER ID        IMAGE               COMMAND             CREATED             STATUS              PORTS               NAMES', ...rows].join('\n')}\n`;
}

function running(state: SimulatedHost): readonly Executor[] {
  return (state.mesos?.executors ?? []).filter(
    ({ spec, fate }) => spec.kind === 'docker' && (fate === 'running' || fate === 'waiting'),
  );
}

const containerId = ({ process }: Executor) => process.pid.toString(16).padStart(64, 'c');

function containerIds(state: SimulatedHost): string {
  return running(state)
    .map((executor) => `${containerId(executor)}\n`)
    .join('');
}

function inspectContainers(state: SimulatedHost, args: readonly string[]): Said {
  const asked = running(state).filter((executor) => args.includes(containerId(executor)));
  const rows = asked.map((each) => `${containerId(each)} 2026-11-15T01:36:00Z /${containerName(each.spec.id)}\n`);
  return { stdout: rows.join('') };
}

/** The simulated registry holds every image, under the digest that is also its id. */
function pull(state: SimulatedHost, args: readonly string[]): Said {
  const id = args.at(-1)?.split('@')[1] ?? '';
  state.images.add(id);
  return { stdout: `Digest: ${id}\nStatus: Downloaded newer image\n` };
}

function idsOf(state: SimulatedHost): string {
  return [...(state.rexray?.volumes.keys() ?? [])].map((id) => `${id}\n`).join('');
}

/** As `{{json .Name}}`, `{{json .Mounts}}` and `{{json .Config.Env}}` print it, in a list. */
function inspectContainer(state: SimulatedHost, id: string): Said {
  const volume = state.rexray?.volumes.get(id);
  if (volume === undefined) return failure(1, `Error: No such container: ${id}`);
  const mounts = [{ Name: volume, Source: `/var/lib/rexray/volumes/${volume}/data`, Driver: 'rexray', RW: true }];
  return { stdout: `${JSON.stringify([`/mesos-S1.${volume}`, mounts, [`MESOS_TASK_ID=${volume}.1`]])}\n` };
}

function inspect(state: SimulatedHost, args: readonly string[]): Said {
  const image = (args.findLast((arg) => !arg.startsWith('-')) ?? '').replace(/^.*@/, '');
  return state.images.has(image) ? { stdout: `${image}\n` } : failure(1, `Error: No such image: ${image}`);
}

function load(state: SimulatedHost, archive: Uint8Array): Said {
  if (archive.length === 0) return failure(1, 'unexpected EOF');
  const id = `sha256:${createHash('sha256').update(archive).digest('hex')}`;
  state.images.add(id);
  return { stdout: `Loaded image ID: ${id}\n` };
}

function run(state: SimulatedHost, args: readonly string[]): Said {
  const at = args.findIndex((arg) => state.images.has(arg));
  const options = args.slice(0, Math.max(at, 0));
  if (at < 0) return failure(125, 'docker: Error response from daemon: No such image.');
  if (options.some((arg) => /^-(t|it|ti)$/.test(arg))) return failure(1, 'the input device is not a TTY');
  const name = options[options.indexOf('--name') + 1] ?? '';
  if (state.containers.has(name))
    return failure(
      125,
      `docker: Error response from daemon: Conflict. The container name "/${name}" is already in use.`,
    );
  state.containers.add(name);
  return { stdout: `${'c0'.repeat(32)}\n` };
}
