import { sh } from '../../shell/script.ts';
import type { AgentApi } from './agent-http.ts';
import type { Agent, Service } from './facts.ts';
import { argvIn, environmentIn, readStat } from './processes.ts';
import { bytesOf, linesOf, printable, type Section } from './sections.ts';
import { changedSettings, settingsOf } from './settings.ts';
import { LISTEN, type Tables } from './tables.ts';

const UNITS = ['dcos-mesos-slave.service', 'dcos-mesos-slave-public.service'];

const PROPERTIES = [
  ...['LoadState', 'ActiveState', 'MainPID', 'ControlGroup', 'KillMode', 'Delegate', 'Restart', 'TimeoutStopUSec'],
  ...['NeedDaemonReload', 'ExecStart', 'ExecStartPre', 'Environment', 'EnvironmentFiles', 'EnvironmentFile'],
].flatMap((name) => ['-p', name]);

/** Which unit is there, how it is set up, its process and since when, and what it left for its next start. */
export const ASK_AGENT = sh`for unit in ${UNITS}; do
  shown=$(systemctl show ${PROPERTIES} "$unit" 2>/dev/null)
  echo "= unit $unit"
  echo '- show'; printf '%s\\n' "$shown" | hex
  printf '%s\\n' "$shown" | sed -n 's/^EnvironmentFiles\\{0,1\\}=\\(.*\\) (ignore_errors=[a-z]*)$/\\1/p' | while IFS= read -r pattern; do
    for file in $pattern; do [ -r "$file" ] && { echo '- settings'; hex "$file"; }; done
  done
  pid=$(printf '%s\\n' "$shown" | sed -n 's/^MainPID=//p')
  case $pid in ''|0) continue ;; esac
  for part in stat environ cmdline cgroup; do echo "- $part"; hex "/proc/$pid/$part"; done
  echo "- namespaces $(readlink "/proc/$pid/ns/net") $(readlink "/proc/$pid/ns/mnt")"
  work=$(cat "/proc/$pid/environ" "/proc/$pid/cmdline" 2>/dev/null | tr '\\000' '\\n' | sed -n 's/^MESOS_WORK_DIR=//p; s/^--work_dir=//p' | tail -n 1)
  latest=\${work:-/var/lib/mesos/slave}/meta/slaves/latest
  [ -d "$latest/" ] && { echo '- latest'; readlink "$latest" | hex; }
  pids="$pids $pid"
done`;

/** A host that was turned from one kind into the other may know both units: the one that runs is meant. */
export function unitIn(sections: readonly Section[]): Section | undefined {
  const units = sections.filter(
    (section) => section.kind === 'unit' && shownIn(section).get('LoadState')?.[0] === 'loaded',
  );
  return units.find((section) => shownIn(section).get('ActiveState')?.[0] === 'active') ?? units[0];
}

/** The agent's namespaces, to tell executors that have their own. */
export function namespacesIn(unit: Section | undefined): { readonly net: string; readonly mnt: string } | undefined {
  const words = unit?.fields.find(({ name }) => name === 'namespaces')?.words;
  return words === undefined ? undefined : { net: words[0] ?? '', mnt: words[1] ?? '' };
}

export function agentIn(
  sections: readonly Section[],
  tables: Tables,
  port: number,
  api: AgentApi | undefined,
): Agent | undefined {
  const unit = unitIn(sections);
  if (unit === undefined) return undefined;
  const boot = sections.find(({ kind }) => kind === 'boot')?.words[0] ?? '';
  const stat = readStat(bytesOf(unit, 'stat'));
  const id = idIn(unit) ?? api?.id;
  return {
    unit: unit.words[0] ?? '',
    state: shownIn(unit).get('ActiveState')?.[0] ?? 'unknown',
    pid: stat?.pid ?? 0,
    start: stat?.start ?? 0,
    instance: stat === undefined ? '' : `${boot}/${stat.pid}/${stat.start}`,
    listening: [...tables.values()].flat().some(({ near, state }) => near === port && state === LISTEN),
    ...(id === undefined ? {} : { id }),
    service: serviceIn(unit),
    ...(stat === undefined ? {} : ofProcess(unit, api)),
  };
}

/** What only a process can tell. */
function ofProcess(unit: Section, api: AgentApi | undefined): Partial<Agent> {
  const environment = environmentIn(bytesOf(unit, 'environ'));
  const files = unit.fields.filter(({ name }) => name === 'settings').map(({ bytes }) => Buffer.from(bytes).toString());
  const script = scriptIn(unit);
  const written = shownIn(unit).get('Environment')?.[0] ?? '';
  return {
    latest: bytesOf(unit, 'latest') !== undefined,
    settings: settingsOf(environment, argvIn(unit).slice(1), api?.flags),
    ...(environment.size === 0
      ? {}
      : { changedSettings: changedSettings(environment, written, files, script !== undefined) }),
    ...(script === undefined ? {} : { script }),
    cgroups: linesOf(bytesOf(unit, 'cgroup')),
  };
}

/** The last part of what `latest` points to. */
function idIn(unit: Section): string | undefined {
  const latest = bytesOf(unit, 'latest');
  return latest === undefined
    ? undefined
    : printable(latest)
        .replace(/\\x0a$/, '')
        .split('/')
        .at(-1);
}

function serviceIn(unit: Section): Service {
  const shown = shownIn(unit);
  const of = (name: string) => shown.get(name)?.[0] ?? '';
  return {
    killMode: of('KillMode'),
    delegate: of('Delegate'),
    restart: of('Restart'),
    timeoutStop: of('TimeoutStopUSec'),
    needDaemonReload: of('NeedDaemonReload'),
    controlGroup: of('ControlGroup'),
    execStartPre: (shown.get('ExecStartPre') ?? []).map(commandIn),
  };
}

/** What the unit starts, where that is not the agent itself. */
function scriptIn(unit: Section): string | undefined {
  const path = /path=(.*?) ; argv\[\]=/.exec(shownIn(unit).get('ExecStart')?.[0] ?? '')?.[1];
  return path === argvIn(unit)[0] ? undefined : path;
}

/** `{ path=/bin/ping ; argv[]=/bin/ping -c1 ready.spartan ; ignore_errors=no ; … }` */
function commandIn(written: string): string {
  return /argv\[\]=(.*?) ; ignore_errors=/.exec(written)?.[1] ?? written;
}

/** A property may come several times, a line each. */
function shownIn(unit: Section): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const line of linesOf(bytesOf(unit, 'show'))) {
    const name = line.slice(0, line.indexOf('='));
    found.set(name, [...(found.get(name) ?? []), line.slice(name.length + 1)]);
  }
  return found;
}

/** Whether the agent wants to be asked over TLS, as on clusters in DC/OS's strict mode. */
export function speaksTls(unit: Section): boolean {
  const environment = environmentIn(bytesOf(unit, 'environ'));
  return ['LIBPROCESS_SSL_ENABLED', 'SSL_ENABLED'].some((name) => ['1', 'true'].includes(environment.get(name) ?? ''));
}
