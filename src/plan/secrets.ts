import { MASK } from '../shell/script.ts';
import { isList, isMap, type Value, type ValueMap } from '../source/value.ts';
import type { Plan } from './plan.ts';

/** Names whose values must not be stored: connection passwords by Ansible's names, and what people call their secrets. */
const SECRET_NAME = /(^|_)(pass|passwd|password|passphrase|secret|token|api_?key|private_key|credentials?)$/i;

/**
 * The values that a plan holds only references to. A reference says where the value is read again when the plan runs:
 * `host web1: ansible_password`.
 */
export type Secrets = ReadonlyMap<string, Value>;

const REFERENCE = '$secret';

/** Takes the secrets out of variables: the value in the plan becomes a reference, the value itself goes into `found`. */
export function withoutSecrets(vars: ValueMap, where: string, found: Map<string, Value>): ValueMap {
  const entries = Object.entries(vars).map(([name, value]): [string, Value] => {
    const path = `${where}: ${name}`;
    if (isSecret(name, value)) return [name, referTo(path, value, found)];
    if (isMap(value)) return [name, withoutSecrets(value, path, found)];
    if (isList(value))
      return [
        name,
        value.map((item, index) => (isMap(item) ? withoutSecrets(item, `${path}[${index}]`, found) : item)),
      ];
    return [name, value];
  });
  return Object.fromEntries(entries);
}

/** A template says where a secret is, and is none; neither is nothing. */
function isSecret(name: string, value: Value): boolean {
  if (!SECRET_NAME.test(name)) return false;
  if (typeof value === 'string') return value !== '' && !value.includes('{{');
  return typeof value === 'number';
}

/** A whole value as a reference: the parameters of a task that must not be logged. */
export function referTo(path: string, value: Value, found: Map<string, Value>): ValueMap {
  found.set(path, value);
  return { [REFERENCE]: path };
}

/** Puts the secrets back where a value refers to them. Throws when one is missing: the caller has checked `missingSecrets`. */
export function withSecrets(value: Value, secrets: Secrets): Value {
  if (isList(value)) return value.map((item) => withSecrets(item, secrets));
  if (!isMap(value)) return value;
  const reference = value[REFERENCE];
  if (typeof reference === 'string') {
    const secret = secrets.get(reference);
    if (secret === undefined) throw new Error(`the secret "${reference}" was not read again`);
    return secret;
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withSecrets(member, secrets)]));
}

/** The plan with its secrets in place, for the engine alone: never to be printed or stored. */
export function revealed(plan: Plan, secrets: Secrets): Plan {
  return secrets.size === 0 ? plan : (withSecrets(plan as unknown as Value, secrets) as unknown as Plan);
}

/** The plan with a mask where it refers to secrets: what is made of it can be shown, and no filter gives a secret away. */
export function veiled(plan: Plan): Plan {
  return masked(plan as unknown as Value) as unknown as Plan;
}

function masked(value: Value): Value {
  if (isList(value)) return value.map(masked);
  if (!isMap(value)) return value;
  if (typeof value[REFERENCE] === 'string') return MASK;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, masked(member)]));
}

/** The references in a value that no secret is known for. */
export function missingSecrets(value: unknown, secrets: Secrets): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const reference = (value as Record<string, unknown>)[REFERENCE];
  if (typeof reference === 'string') return secrets.has(reference) ? [] : [reference];
  return Object.values(value).flatMap((member) => missingSecrets(member, secrets));
}

/** Every text in the secrets, for masking. */
export function secretTexts(secrets: Secrets): readonly string[] {
  return [...secrets.values()].flatMap(textsIn);
}

function textsIn(value: Value): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (isList(value)) return value.flatMap(textsIn);
  return isMap(value) ? Object.values(value).flatMap(textsIn) : [];
}
