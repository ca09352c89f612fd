import type {
  AnyAuthMethod,
  AuthenticationType,
  IdentityCallback,
  KeyboardInteractiveCallback,
  ParsedKey,
  Prompt,
  SignCallback,
  SigningRequestOptions,
} from 'ssh2';
import ssh2 from 'ssh2';
import type { Hop, Method } from './hop.ts';
import type { Identities } from './identities.ts';

/** One attempt to log in: what the library is to try next, and afterwards what was tried. */
export interface Login {
  readonly next: (
    left: readonly AuthenticationType[] | null,
    partial: boolean | null,
    go: (method: AnyAuthMethod | false) => void,
  ) => void;
  /** For people: `publickey (~/.ssh/id_ed25519, agent: 2 keys), password`. */
  tried(): string;
}

interface Attempt {
  readonly method: Method;
  /** What people know it by. */
  readonly name: string;
  readonly make: () => AnyAuthMethod;
}

/**
 * Collects what can be tried at a hop, in OpenSSH's order: named keys, the agent's, default keys, then passwords. Where no
 * key comes first, the host is asked what it accepts: a password sent in vain may count against the account.
 */
export async function createLogin(hop: Hop, identities: Identities): Promise<Login> {
  const { attempts, notes } = await attemptsFor(hop, identities);
  const tried: Attempt[] = [];
  let accepted: readonly AuthenticationType[] | undefined;
  const waiting = [...attempts];
  let asked = waiting[0]?.method === 'publickey';
  return {
    next: (left, _partial, go) => {
      accepted = left ?? accepted;
      if (!asked) {
        asked = true;
        return go({ type: 'none', username: hop.user });
      }
      const at = waiting.findIndex(({ method }) => left === null || left === undefined || left.includes(method));
      const [attempt] = at < 0 ? [] : waiting.splice(0, at + 1).slice(-1);
      if (attempt === undefined) return go(false);
      tried.push(attempt);
      go(attempt.make());
    },
    tried: () => tell(tried, notes, accepted),
  };
}

function tell(
  tried: readonly Attempt[],
  notes: readonly string[],
  accepted: readonly AuthenticationType[] | undefined,
): string {
  const methods = [...new Set(tried.map(({ method }) => method))].map((method) => describe(method, tried));
  const said = methods.length === 0 ? 'there was nothing to try' : `tried ${methods.join(', ')}: refused`;
  const wants = accepted === undefined || accepted.length === 0 ? [] : [`the host accepts ${accepted.join(', ')}`];
  return [said, ...notes, ...wants].join('; ');
}

function describe(method: Method, tried: readonly Attempt[]): string {
  const names = tried.filter((attempt) => attempt.method === method && attempt.name !== '').map(({ name }) => name);
  const fromAgent = names.filter((name) => name === 'agent').length;
  const shown = [
    ...names.filter((name) => name !== 'agent'),
    ...(fromAgent === 0 ? [] : [`agent: ${fromAgent} ${fromAgent === 1 ? 'key' : 'keys'}`]),
  ];
  return shown.length === 0 ? method : `${method} (${shown.join(', ')})`;
}

async function attemptsFor(
  hop: Hop,
  identities: Identities,
): Promise<{ attempts: readonly Attempt[]; notes: readonly string[] }> {
  const keys = await keyAttempts(hop, identities);
  const byMethod: Readonly<Record<Method, readonly Attempt[]>> = {
    publickey: keys.attempts,
    'keyboard-interactive': passwordAttempt(hop, 'keyboard-interactive'),
    password: passwordAttempt(hop, 'password'),
  };
  return { attempts: hop.methods.flatMap((method) => byMethod[method]), notes: keys.notes };
}

async function keyAttempts(
  hop: Hop,
  identities: Identities,
): Promise<{ attempts: readonly Attempt[]; notes: readonly string[] }> {
  if (!hop.methods.includes('publickey')) return { attempts: [], notes: [] };
  const inAgent = hop.agent === undefined ? [] : await identities.agentKeys(hop.agent);
  const held = new Set<ParsedKey>();
  const notes: string[] = [];
  const files: Attempt[] = [];
  for (const { path, named } of hop.identityFiles) {
    const loaded = identities.load(path, hop.passphrase);
    const half = identities.publicHalf(path);
    const twin = half === undefined ? undefined : inAgent.find((key) => half.equals(key.getPublicSSH()));
    if (twin !== undefined) held.add(twin);
    if (loaded.kind === 'key') files.push(fileAttempt(hop, path, loaded.key));
    else if (twin !== undefined && hop.agent !== undefined) files.push(agentAttempt(hop, hop.agent, twin, path));
    else if (loaded.kind === 'unusable') notes.push(`${path} ${loaded.why}`);
    else if (named) notes.push(`${path} does not exist`);
  }
  const others = hop.identitiesOnly ? [] : inAgent.filter((key) => !held.has(key));
  const { agent } = hop;
  const agents = agent === undefined ? [] : others.map((key) => agentAttempt(hop, agent, key, 'agent'));
  const asked = hop.identityFiles.some(({ named }) => named);
  return { attempts: asked ? [...files, ...agents] : [...agents, ...files], notes };
}

function fileAttempt(hop: Hop, path: string, key: ParsedKey): Attempt {
  // The library takes a parsed key as it is; its types only know text.
  const parsed = key as unknown as Buffer;
  return { method: 'publickey', name: path, make: () => ({ type: 'publickey', username: hop.user, key: parsed }) };
}

function agentAttempt(hop: Hop, socket: string, key: ParsedKey, name: string): Attempt {
  return {
    method: 'publickey',
    name,
    make: () => ({ type: 'agent', username: hop.user, agent: new OneKey(socket, key) }),
  };
}

/** An agent of one key: the library would try all of an agent's keys at once, in its own order. */
class OneKey extends ssh2.BaseAgent<ParsedKey> {
  readonly #socket: string;
  readonly #key: ParsedKey;

  constructor(socket: string, key: ParsedKey) {
    super();
    this.#socket = socket;
    this.#key = key;
  }

  getIdentities(answer: IdentityCallback<ParsedKey>): void {
    answer(null, [this.#key]);
  }

  sign(key: ParsedKey, data: Buffer, options: SigningRequestOptions | SignCallback, answer?: SignCallback): void {
    const agent = ssh2.createAgent(this.#socket);
    if (typeof options === 'function') agent.sign(key, data, options);
    else agent.sign(key, data, options, answer);
  }
}

function passwordAttempt(hop: Hop, method: 'password' | 'keyboard-interactive'): readonly Attempt[] {
  const { user: username, password } = hop;
  if (password === undefined) return [];
  if (method === 'password')
    return [{ method, name: '', make: () => ({ type: method, username, password: password.reveal() }) }];
  return [{ method, name: '', make: () => ({ type: method, username, prompt: answerOnce(password.reveal()) }) }];
}

/** Answers the first questions with the password; a second round means that it was wrong, and gets nothing. */
function answerOnce(password: string) {
  let answered = false;
  return (
    _name: string,
    _text: string,
    _lang: string,
    prompts: readonly Prompt[],
    finish: KeyboardInteractiveCallback,
  ): void => {
    finish(prompts.map(() => (answered ? '' : password)));
    if (prompts.length > 0) answered = true;
  };
}
