import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { folderWith, rollgate, withoutNetwork } from './terminal.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const SHUTDOWN = `- name: Shutdown
  hosts: all
  tasks:
    - window: w
      block: [{command: "true"}]
`;
const NO_WINDOW = '- name: Plain\n  hosts: all\n  tasks: [{command: "true"}]\n';

const SSH_CONFIG = 'Host alias\n  HostName 192.0.2.1\nHost gate\n  HostName 192.0.2.9\n';

const over = (gate: string) => `ansible_ssh_common_args="-J ${gate}"`;

async function run(inventory: string, playbook = SHUTDOWN, ...options: readonly string[]) {
  const tried = withoutNetwork();
  const folder = folderWith({ 'play.yml': playbook, hosts: inventory, '.ssh/config': SSH_CONFIG });
  const { exitCode, err } = await rollgate(folder, 'run', 'play.yml', '-i', 'hosts', '--yes', ...options);
  return { exitCode, err, wasBegun: existsSync(join(folder, '.rollgate')), connections: tried() };
}

describe('one machine under two names', () => {
  it.each<[string, string, RegExp]>([
    [
      'by its address',
      'a1 ansible_host=192.0.2.1\nb1 ansible_host=192.0.2.1\n',
      /^a1,b1 are one machine \(192\.0\.2\.1:22\), and "Shutdown" has a window, .* such as with -l '!b1'$/m,
    ],
    ['as an address and a name', '192.0.2.1\na1 ansible_host=192.0.2.1\n', /are one machine \(192\.0\.2\.1:22\)/],
    ['by HostName of ssh_config', 'alias\na1 ansible_host=192.0.2.1\n', /are one machine \(192\.0\.2\.1:22\)/],
    [
      'behind one jump host under two names',
      `a1 ansible_host=10.0.0.1 ${over('gate')}\nb1 ansible_host=10.0.0.1 ${over('192.0.2.9')}\n`,
      /are one machine \(192\.0\.2\.9:22 10\.0\.0\.1:22\)/,
    ],
    ['and under a third', 'a[1:3] ansible_host=192.0.2.1\n', /^a\[1-3\] are one machine .* all names but one/m],
  ])('is refused where there is a window, before anything is touched: %s', async (_, inventory, said) => {
    const { err, ...rest } = await run(inventory);
    expect(err).toMatch(said);
    expect(rest).toEqual({ exitCode: 65, wasBegun: false, connections: 0 });
  });

  it.each<[string, Parameters<typeof run>]>([
    ['without a window', ['a[1:2] ansible_host=192.0.2.1\n', NO_WINDOW]],
    ['one of them left out', ['a[1:2] ansible_host=192.0.2.1\n', SHUTDOWN, '-l', '!a2']],
    [
      'two ports of one address: containers, or servers of different machines',
      ['a1 ansible_host=192.0.2.1\na2 ansible_host=192.0.2.1 ansible_port=2222\n'],
    ],
    [
      'one address behind two jump hosts',
      [`a1 ansible_host=10.0.0.1 ${over('gate')}\na2 ansible_host=10.0.0.1 ${over('192.0.2.8')}\n`],
    ],
  ])('is let in: %s', async (_, given) => {
    const { err, wasBegun, connections } = await run(...given);
    expect(err).not.toContain('one machine');
    expect([wasBegun, connections > 0]).toEqual([true, true]);
  });
});
