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
      case 'ps':
        return { stdout: rest.includes('-q') ? containerIds(state) : containers(state) };
      case 'images':
        return { stdout: [...state.images].map((id) => `${id}\n`).join('') };
      case 'inspect':
        return rest.includes('container') ? inspectContainers(state, rest) : inspect(state, rest);
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

function inspect(state: SimulatedHost, args: readonly string[]): Said {
  const image = args.findLast((arg) => !arg.startsWith('-')) ?? '';
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
  if (args.slice(0, Math.max(at, 0)).some((arg) => /^-(t|it|ti)$/.test(arg)))
    return failure(1, 'the input device is not a TTY');
  if (at < 0) return failure(125, 'docker: Error response from daemon: No such image.');
  return args[at + 1] === 'gdb'
    ? { stdout: gdb(state, args.slice(at + 2)) }
    : failure(127, 'docker: executable file not found in $PATH');
}
