import type { ValueMap } from '../source/value.ts';

/** Ansible's implicit localhost: not in the inventory, and still there to be named. */
export function implicitVars(host: string): ValueMap {
  return ['localhost', '127.0.0.1', '::1'].includes(host) ? { ansible_connection: 'local' } : {};
}
