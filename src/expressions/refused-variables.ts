import type { Mistakes, Place } from '../source/mistakes.ts';

/** Variables by which connections are steered elsewhere, and that would change where or how we connect if they were honoured. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['ansible_become_exe', 'sudo is found by its name; leave it out'],
  ['ansible_become_flags', 'sudo is called with the flags it needs; leave it out'],
  ['ansible_sudo_exe', 'sudo is found by its name; leave it out'],
  ['ansible_sudo_flags', 'sudo is called with the flags it needs; leave it out'],
  ['ansible_shell_executable', 'commands are run by /bin/sh; leave it out'],
  ['ansible_shell_type', 'commands are run by /bin/sh; leave it out'],
  ['ansible_ssh_executable', 'connections are made by rollgate itself; leave it out'],
  ['ansible_ssh_args', 'write ansible_ssh_common_args'],
  ['ansible_ssh_host', 'write ansible_host'],
  ['ansible_ssh_port', 'write ansible_port'],
  ['ansible_ssh_user', 'write ansible_user'],
  ['ansible_private_key_file', 'write ansible_ssh_private_key_file'],
  ['ansible_host_key_checking', 'give --host-key-checking, or StrictHostKeyChecking in ssh_config'],
  ['ansible_ssh_host_key_checking', 'give --host-key-checking, or StrictHostKeyChecking in ssh_config'],
  ['ansible_pipelining', 'commands never need temporary modules; leave it out'],
  ['ansible_ssh_pipelining', 'commands never need temporary modules; leave it out'],
]);

/**
 * Adds a mistake for a variable that Ansible would heed and rollgate does not: ignored, it would lead a run to another
 * host, or there as somebody else. `where` says where it stands if the place does not: `-e`.
 */
export function refuseVariable(name: string, mistakes: Mistakes, place?: Place, where = ''): void {
  const instead = REFUSED.get(name);
  if (instead === undefined) return;
  const what = where === '' ? `"${name}"` : `${where}: "${name}"`;
  mistakes.add('unsupported-variable', `${what} is not supported: ${instead}`, place);
}
