import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Paths as playbooks write them: beside the playbook, in its `files` folder first, as Ansible looks for them. */
export function localPaths(playbookDir: string): (path: string) => string {
  return (path) => {
    if (path === '~' || path.startsWith('~/')) return join(homedir(), path.slice(1));
    if (isAbsolute(path)) return path;
    const inFiles = join(playbookDir, 'files', path);
    return existsSync(inFiles) ? inFiles : resolve(playbookDir, path);
  };
}
