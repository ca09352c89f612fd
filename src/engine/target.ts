import type { Become, SshTarget, Target } from '../connection/connection.ts';
import type { Expressions } from '../expressions/expressions.ts';
import type { Scope } from '../expressions/scope.ts';
import { Secret } from '../shell/script.ts';
import type { Value } from '../source/value.ts';

export type Resolved<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** The connection that a host's variables describe, seen from a scope: they may be set anywhere and differ by task. */
export function targetOf(host: string, scope: Scope, expressions: Expressions): Resolved<Target> {
  const reader = new Reader(scope, expressions);
  const kind = reader.text('ansible_connection') ?? 'ssh';
  const target = kind === 'local' ? ({ kind: 'local' } as const) : sshTarget(host, reader);
  if (!['local', 'ssh', 'smart', 'paramiko', 'paramiko_ssh'].includes(kind)) {
    return { ok: false, reason: `ansible_connection is "${kind}" for ${host}; rollgate knows ssh and local` };
  }
  return reader.problem === undefined ? { ok: true, value: target } : { ok: false, reason: reader.problem };
}

function sshTarget(host: string, reader: Reader): SshTarget {
  const port = reader.port('ansible_port');
  const user = reader.text('ansible_user');
  const password =
    reader.text('ansible_password') ?? reader.text('ansible_ssh_pass') ?? reader.text('ansible_ssh_password');
  const privateKeyFile = reader.text('ansible_ssh_private_key_file');
  const passphrase = reader.text('ansible_ssh_private_key_passphrase');
  const sshArgs = [reader.text('ansible_ssh_common_args'), reader.text('ansible_ssh_extra_args')]
    .filter((args) => args !== undefined)
    .join(' ');
  return {
    kind: 'ssh',
    name: host,
    address: reader.text('ansible_host') ?? host,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password: new Secret(password) }),
    ...(privateKeyFile === undefined ? {} : { privateKeyFile }),
    ...(passphrase === undefined ? {} : { privateKeyPassphrase: new Secret(passphrase) }),
    ...(sshArgs === '' ? {} : { sshArgs }),
  };
}

/** Who a task's commands run as; variables beat the keywords, as in Ansible. */
export function becomeOf(
  keywords: { readonly become: boolean; readonly user?: string; readonly method?: string },
  scope: Scope,
  expressions: Expressions,
): Resolved<Become | undefined> {
  const reader = new Reader(scope, expressions);
  const wanted = reader.flag('ansible_become') ?? keywords.become;
  const method = reader.text('ansible_become_method') ?? keywords.method ?? 'sudo';
  const user = reader.text('ansible_become_user') ?? keywords.user ?? 'root';
  const password =
    reader.text('ansible_become_password') ?? reader.text('ansible_become_pass') ?? reader.text('ansible_sudo_pass');
  if (reader.problem !== undefined) return { ok: false, reason: reader.problem };
  if (!wanted) return { ok: true, value: undefined };
  if (method !== 'sudo') return { ok: false, reason: `become_method is "${method}"; rollgate knows sudo` };
  return { ok: true, value: { method, user, ...(password === undefined ? {} : { password: new Secret(password) }) } };
}

/** The texts in a target that must not be seen. */
export function secretsIn(target: Target, become: Become | undefined): readonly string[] {
  const found =
    target.kind === 'ssh' ? [target.password, target.privateKeyPassphrase, become?.password] : [become?.password];
  return found.flatMap((secret) => (secret === undefined ? [] : [secret.reveal()]));
}

/** As Ansible spells truth in variables. */
export function asFlag(value: Value): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = String(value).toLowerCase();
  if (['yes', 'true', 'on', 'y', 't', '1', '1.0'].includes(text)) return true;
  return ['no', 'false', 'off', 'n', 'f', '0', '0.0', ''].includes(text) ? false : undefined;
}

/** Reads variables one by one and keeps the first problem. */
class Reader {
  problem: string | undefined;
  readonly #scope: Scope;
  readonly #expressions: Expressions;

  constructor(scope: Scope, expressions: Expressions) {
    this.#scope = scope;
    this.#expressions = expressions;
  }

  value(name: string): Value | undefined {
    const variable = this.#scope(name);
    if (variable === undefined) return undefined;
    if (variable.kind === 'final') return variable.value;
    if (variable.kind === 'lazy-map') return undefined;
    const rendered = this.#expressions.template(variable.value, this.#scope);
    if (rendered.ok) return rendered.value;
    this.problem ??= `${name}: ${rendered.reason}`;
    return undefined;
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    this.problem ??= `${name} must be text, but is ${JSON.stringify(value)}`;
    return undefined;
  }

  port(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const port = Number(text);
    if (Number.isInteger(port) && port > 0 && port < 65536) return port;
    this.problem ??= `${name} must be a port from 1 to 65535, but is "${text}"`;
    return undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const flag = asFlag(value);
    if (flag === undefined) this.problem ??= `${name} must be true or false, but is ${JSON.stringify(value)}`;
    return flag;
  }
}
