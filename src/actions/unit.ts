import { lines, type Script, sh, shellText } from '../shell/script.ts';
import type { Value } from '../source/value.ts';
import { saidIn } from './file-facts.ts';

/** A service, as the host's service manager sees it. */
export interface Unit {
  readonly manager: 'systemd' | 'init';
  /** Whether there is such a service at all; an init script that cannot be found is none. */
  readonly isKnown: boolean;
  readonly isActive: boolean;
  /** Undefined: the host cannot tell, or it cannot be enabled (a static unit). */
  readonly isEnabled?: boolean;
  readonly isMasked: boolean;
  /** systemd's properties, for `status`. */
  readonly status: Readonly<Record<string, Value>>;
}

const PROPERTIES = [
  'Id',
  'Names',
  'Description',
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'FragmentPath',
  'Type',
  'Result',
  'MainPID',
  'ExecMainStatus',
  'ExecMainCode',
  'NRestarts',
  'ControlGroup',
  'NeedDaemonReload',
  'ActiveEnterTimestamp',
  'InactiveEnterTimestamp',
];

/** Prints what systemd knows of a unit; without systemd what the init script says, where that is allowed. */
export function askUnit(name: string, init: boolean): Script {
  const flags = PROPERTIES.map((property) => `-p ${property}`).join(' ');
  return lines([
    shellText('if command -v systemctl >/dev/null 2>&1 && [ -d /run/systemd/system ]; then'),
    sh`  echo manager=systemd; echo "enabled=$(systemctl is-enabled ${name} 2>/dev/null)"`,
    sh`  systemctl show ${shellText(flags)} ${name}`,
    shellText(init ? 'else' : 'else echo manager=none; fi'),
    ...(init ? [askInit(name)] : []),
  ]);
}

function askInit(name: string): Script {
  return lines([
    sh`  echo manager=init`,
    sh`  if [ -x /etc/init.d/${name} ]; then echo known=1; ${START} ${name} status >/dev/null 2>&1 && echo active=1; fi`,
    sh`  if ls /etc/rc[2345].d/S[0-9][0-9]${name} >/dev/null 2>&1; then echo enabled=enabled; else echo enabled=disabled; fi`,
    sh`fi`,
  ]);
}

/** `service` where there is one, else the script itself; the service's name and the verb follow. */
export const START: Script = shellText(
  'run_init() { if command -v service >/dev/null 2>&1; then service "$1" "$2"; else "/etc/init.d/$1" "$2"; fi; }; run_init',
);

const ENABLED: Readonly<Record<string, boolean>> = {
  enabled: true,
  'enabled-runtime': true,
  alias: true,
  disabled: false,
  masked: false,
  'masked-runtime': false,
};

/** Reads what `askUnit` printed; undefined when there is no service manager that it may use. */
export function unitIn(printed: string): Unit | undefined {
  const said = saidIn(printed);
  const enabled = ENABLED[said('enabled') ?? ''];
  const known = { ...(enabled === undefined ? {} : { isEnabled: enabled }) };
  switch (said('manager')) {
    case 'systemd': {
      const load = said('LoadState') ?? '';
      return {
        manager: 'systemd',
        isKnown: load === 'loaded' || load === 'masked',
        isActive: ['active', 'activating', 'reloading', 'refreshing'].includes(said('ActiveState') ?? ''),
        isMasked: load === 'masked' || (said('enabled') ?? '').startsWith('masked'),
        status: Object.fromEntries(PROPERTIES.map((property) => [property, said(property) ?? ''])),
        ...known,
      };
    }
    case 'init':
      return {
        manager: 'init',
        isKnown: said('known') === '1',
        isActive: said('active') === '1',
        isMasked: false,
        status: {},
        ...known,
      };
    default:
      return undefined;
  }
}
