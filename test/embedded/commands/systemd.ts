import { quote } from '../../../src/shell/script.ts';
import { SETTINGS, type SimulatedHost } from '../simulated/host.ts';
import { command, failure, type HostCommands, type Said } from './command.ts';

export const systemdCommands: HostCommands = ({ state, launch }) => [
  command('systemd-run', (args) => {
    const unit = args.find((arg) => arg.startsWith('--unit='))?.slice(7) ?? 'run.service';
    if (state.transient.has(unit))
      return failure(1, `Failed to start transient service unit: Unit ${unit} already exists.`);
    // A timer waits; hosts in memory live too short a time for one to come to its end.
    if (args.some((arg) => arg.startsWith('--on-active='))) {
      state.transient.set(`${unit}.timer`, 0);
      return {};
    }
    const words = args.slice(args.findIndex((arg) => !arg.startsWith('-')));
    // It does nothing until it is stopped: the host's clock must not go on for it.
    if (words[0] === 'sleep') {
      state.transient.set(
        unit,
        state.spawn({ ppid: 1, user: 'root', comm: 'sleep', argv: words, environment: [] }).pid,
      );
      return {};
    }
    state.transient.set(unit, 0);
    void launch(words.map(quote).join(' ')).finally(() => state.transient.delete(unit));
    return {};
  }),
  command('systemctl', (args) => {
    const [verb, ...rest] = args.filter(
      (arg) => !/^--?(no-pager|quiet|q|no-block|full|value)$/.test(arg.replace(/^-+/, '--')),
    );
    return systemctl(state, verb ?? '', rest);
  }),
  command('mesos-slave', () =>
    state.mesos === undefined ? failure(127, 'mesos-slave: not found') : { stdout: 'mesos 1.0.3\n' },
  ),
];

async function systemctl(state: SimulatedHost, verb: string, args: readonly string[]): Promise<Said> {
  switch (verb) {
    case 'show':
      return { stdout: shown(state, args) };
    case 'is-active': {
      const active = propertiesOf(state, unitName(args)).ActiveState;
      return { stdout: `${active}\n`, exitCode: active === 'active' ? 0 : 3 };
    }
    case 'is-enabled':
      return { stdout: 'enabled\n' };
    case 'restart':
    case 'start':
    case 'stop':
    case 'kill':
    case 'disable':
      return change(state, verb, args);
    case 'daemon-reload':
    case 'reset-failed':
    case 'enable':
      return {};
    default:
      return failure(1, `Unknown command verb '${verb}'.`);
  }
}

async function change(state: SimulatedHost, verb: string, args: readonly string[]): Promise<Said> {
  const unit = unitName(args);
  const { mesos, rexray } = state;
  const transient = state.transient.get(unit);
  if (rexray !== undefined && unit === REXRAY) {
    if (verb === 'disable') rexray.enabled = false;
    else rexray.active = verb !== 'stop';
    return {};
  }
  if (verb === 'stop' && transient !== undefined) {
    state.kill(transient, 'TERM');
    state.transient.delete(unit);
    return {};
  }
  if (mesos?.agent.unit !== unit) {
    return propertiesOf(state, unit).LoadState === 'loaded'
      ? {}
      : failure(5, `Failed to ${verb} ${unit}: Unit ${unit} not found.`);
  }
  if (verb === 'stop' || verb === 'kill') mesos.stopAgent();
  if (verb === 'start') mesos.startAgent();
  if (verb === 'restart') await restart(state);
  return mesos.agent.state === 'failed'
    ? failure(1, `Job for ${unit} failed because the control process exited with error code.`)
    : {};
}

async function restart(state: SimulatedHost): Promise<void> {
  const { mesos, spec } = state;
  if (mesos === undefined) return;
  while (spec.restartHangs === true && mesos.agent.process !== undefined) await state.sleep(1000);
  mesos.stopAgent();
  // Whoever waits for it sleeps by the host's clock, which runs ahead of the real one: it must not take long.
  await new Promise((resolve) => setTimeout(resolve, 20));
  state.advance((spec.restartSeconds ?? 3) * 1000);
  mesos.startAgent();
}

function shown(state: SimulatedHost, args: readonly string[]): string {
  const wanted = args.flatMap((arg, index) =>
    arg.startsWith('--property=')
      ? arg.slice(11).split(',')
      : args[index - 1] === '-p' || args[index - 1] === '--property'
        ? arg.split(',')
        : [],
  );
  const properties = Object.entries(propertiesOf(state, unitName(args)));
  const chosen = wanted.length === 0 ? properties : properties.filter(([name]) => wanted.includes(name));
  return chosen.map(([name, value]) => `${name}=${value}\n`).join('');
}

function unitName(args: readonly string[]): string {
  const name =
    args.findLast(
      (arg, index) => !arg.startsWith('-') && !['-p', '--property', '-s'].includes(args[index - 1] ?? ''),
    ) ?? '';
  return /\.\w+$/.test(name) ? name : `${name}.service`;
}

const OTHERS = new Set(['sshd.service', 'docker.service', 'cron.service']);

const REXRAY = 'dcos-rexray.service';

function propertiesOf(state: SimulatedHost, unit: string): Readonly<Record<string, string>> {
  const agent = state.mesos?.agent.unit === unit ? state.mesos.agent : undefined;
  const transient = state.transient.get(unit);
  if (transient !== undefined)
    return { Id: unit, LoadState: 'loaded', ActiveState: 'active', SubState: 'running', MainPID: String(transient) };
  if (unit === REXRAY && state.rexray !== undefined) {
    const { active, enabled } = state.rexray;
    const file = enabled ? 'enabled' : 'disabled';
    return { Id: unit, LoadState: 'loaded', ActiveState: active ? 'active' : 'inactive', UnitFileState: file };
  }
  if (agent === undefined) {
    const there = OTHERS.has(unit);
    const up = there && !(unit === 'docker.service' && state.spec.dockerDown === true);
    return {
      Id: unit,
      LoadState: there ? 'loaded' : 'not-found',
      ActiveState: up ? 'active' : 'inactive',
      SubState: up ? 'running' : 'dead',
      MainPID: '0',
      UnitFileState: there ? 'enabled' : '',
    };
  }
  const start = state.spec.startScript ?? '/opt/mesosphere/bin/mesos-slave';
  const sub = { active: 'running', inactive: 'dead', failed: 'failed' }[agent.state];
  return {
    Id: unit,
    LoadState: 'loaded',
    ActiveState: agent.state,
    SubState: sub,
    MainPID: String(agent.process?.pid ?? 0),
    UnitFileState: 'enabled',
    ControlGroup: `/system.slice/${unit}`,
    KillMode: 'control-group',
    Delegate: 'yes',
    Restart: 'always',
    TimeoutStopUSec: '1min 30s',
    NeedDaemonReload: state.spec.needsDaemonReload === true ? 'yes' : 'no',
    ExecStart: `{ path=${start} ; argv[]=${start} ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }`,
    ExecStartPre:
      '{ path=/bin/ping ; argv[]=/bin/ping -c1 ready.spartan ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }',
    EnvironmentFiles: `${SETTINGS} (ignore_errors=yes)`,
  };
}
