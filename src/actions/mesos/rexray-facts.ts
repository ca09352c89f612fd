import { isList, isMap, type Value } from '../../source/value.ts';
import { bytesOf, printable, readSections, records, type Section } from './sections.ts';

/** RexRay on a host, and who has its volumes. */
export interface Rexray {
  /** Those units that are there. */
  readonly units: readonly { readonly name: string; readonly isActive: boolean; readonly isEnabled: boolean }[];
  /** Where volumes are mounted, printable. */
  readonly mounts: readonly string[];
  /** Processes, by task or name, that have a volume's device in a mount namespace of their own. */
  readonly holders: readonly string[];
  /** Running containers with volumes of the driver. */
  readonly containers: readonly string[];
  /** Why it cannot be told who has volumes. */
  readonly unseen: readonly string[];
}

/** Undefined where the answer was cut off. */
export function parseRexray(text: string): Rexray | undefined {
  const sections = readSections(text);
  if (sections === undefined) return undefined;
  const of = (kind: string) => sections.filter((section) => section.kind === kind);
  const containers = of('container').map(containerIn);
  return {
    units: of('unit').flatMap(unitIn),
    mounts: [...new Set(of('mounts').flatMap(mountsIn))],
    holders: of('holder').map(holderIn),
    containers: containers.flatMap(({ held }) => held ?? []),
    unseen: [
      ...(of('blind').length > 0 ? ['only root sees the mounts of every process: the task wants `become: true`'] : []),
      ...(of('mute').length > 0 ? ['Docker is there and does not answer'] : []),
      ...containers.flatMap(({ unseen }) => unseen ?? []),
    ],
  };
}

function unitIn(section: Section): Rexray['units'] {
  const [name = ''] = section.words;
  const said = new Map(textIn(section, 'show').split('\n').map(pair));
  if ((said.get('LoadState') ?? 'not-found') === 'not-found' || said.get('LoadState') === '') return [];
  const state = said.get('ActiveState') ?? '';
  const isEnabled = (said.get('UnitFileState') ?? '').startsWith('enabled');
  return [{ name, isActive: state !== 'inactive' && state !== 'failed', isEnabled }];
}

function pair(line: string): readonly [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

/** Of /proc/PID/mountinfo: the mount point, and the source behind the dash. Spaces in them are written `\040`. */
function mountsIn(section: Section): readonly string[] {
  return textIn(section, 'lines')
    .split('\n')
    .flatMap((line) => {
      const fields = line.split(' ');
      const point = fields[4] ?? '';
      const source = fields[fields.indexOf('-') + 2] ?? '';
      const isVolume = /^\/var\/lib\/(rexray|libstorage)\/./.test(point) || source.startsWith('/dev/rexray');
      return isVolume ? [printable(unescaped(point))] : [];
    });
}

function unescaped(field: string): Uint8Array {
  const bytes = field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return Buffer.from(bytes, 'latin1');
}

function holderIn(section: Section): string {
  const environment = records(bytesOf(section, 'environ') ?? new Uint8Array());
  const comm = printable(bytesOf(section, 'comm') ?? new Uint8Array()).replace(/\\x0a$/, '');
  const task = taskOf(environment.map((record) => printable(record)));
  return `${task === undefined ? `"${comm}"` : `task "${task}"`} (pid ${section.words[0] ?? '?'})`;
}

function taskOf(environment: readonly string[]): string | undefined {
  const found = ['MESOS_TASK_ID=', 'MESOS_EXECUTOR_ID='].map((name) =>
    environment.find((line) => line.startsWith(name))?.slice(name.length),
  );
  return found.find((value) => value !== undefined && value !== '');
}

interface Seen {
  readonly held?: string;
  readonly unseen?: string;
}

function containerIn(section: Section): Seen {
  const [id = ''] = section.words;
  const unseen = { unseen: `container ${printable(Buffer.from(id.slice(0, 12)))} runs and cannot be looked into` };
  if (section.fields.some(({ name }) => name === 'unread')) return unseen;
  const json = bytesOf(section, 'json');
  // It ended before it could be looked into.
  if (json === undefined) return {};
  const parsed = parsedJson(new TextDecoder().decode(json));
  if (!isList(parsed) || parsed.length !== 3) return unseen;
  const [name, mounts, environment] = parsed;
  const volumes = isList(mounts)
    ? mounts.filter(isMap).filter(({ Driver }) => /^rexray/.test(String(Driver ?? '')))
    : [];
  if (volumes.length === 0) return {};
  const task = taskOf(isList(environment) ? environment.map(String) : []);
  const called = shown(String(name ?? '').replace(/^\//, ''));
  const names = volumes.map((volume) => `"${shown(String(volume.Name ?? ''))}"`).join(', ');
  return { held: `container "${called}"${task === undefined ? '' : ` of task "${shown(task)}"`} with volume ${names}` };
}

function shown(text: string): string {
  return printable(new TextEncoder().encode(text));
}

function parsedJson(text: string): Value | undefined {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}

/** The bytes of a field as characters, one each: what is read of it is ASCII. */
function textIn(section: Section, name: string): string {
  return Buffer.from(bytesOf(section, name) ?? []).toString('latin1');
}
