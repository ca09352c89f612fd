import { refuseVariable } from '../expressions/refused-variables.ts';
import type { Place } from '../source/mistakes.ts';
import { refuse, type Sheet } from './sheet.ts';

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Words of the expression language, and Python's, which Ansible refuses. */
const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'and as assert async await break class continue def del elif else except finally for from global if import in is ' +
    'lambda nonlocal not or pass raise return try while with yield True False None true false none'
  ).split(' '),
);

/** What rollgate and Ansible set themselves; a variable of the name would be hidden, or hide it. */
const MAGIC: ReadonlySet<string> = new Set(
  (
    'inventory_hostname inventory_hostname_short inventory_dir inventory_file groups group_names hostvars play_hosts ' +
    'playbook_dir role_name role_path omit vars ansible_play_hosts ansible_play_hosts_all ansible_play_batch ' +
    'ansible_play_name ansible_check_mode ansible_diff_mode ansible_forks ansible_limit ansible_run_tags ' +
    'ansible_skip_tags ansible_version ansible_search_path ansible_config_file ansible_playbook_python'
  ).split(' '),
);

/** Adds a mistake where a variable cannot have this name. `what` says whose name it is: `vars`, `register`. */
export function checkVariableName(name: string, what: string, place: Place, sheet: Sheet): void {
  refuseVariable(name, sheet.mistakes, place, what);
  if (MAGIC.has(name)) {
    refuse(sheet, 'reserved-name', `${what}: "${name}" is set by rollgate itself; take another name`, place);
  } else if (!IDENTIFIER.test(name)) {
    refuse(
      sheet,
      'not-an-identifier',
      `${what}: "${name}" cannot be a variable's name; use letters, digits and _, not beginning with a digit`,
      place,
    );
  } else if (KEYWORDS.has(name)) {
    refuse(sheet, 'not-an-identifier', `${what}: "${name}" is a word of the expression language`, place);
  }
}
