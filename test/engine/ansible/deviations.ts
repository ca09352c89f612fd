/** Where rollgate means to differ from Ansible, by the name of the case: why, and what it does instead. */
export interface Deviation {
  readonly why: string;
  readonly hosts?: Readonly<Record<string, readonly string[] | undefined>>;
  readonly exit?: number;
  readonly registered?: Readonly<Record<string, unknown>>;
}

const exhausted = {
  attempts: '3',
  changed: true,
  failed: true,
  msg: 'non-zero return code',
  rc: '1',
  stderr: '',
  stderr_lines: [],
  stdout: '',
  stdout_lines: [],
};

export const DEVIATIONS: Readonly<Record<string, Deviation>> = {
  'unreachable with mfp 0': {
    why: 'hosts that cannot be reached count for max_fail_percentage: nothing new is begun',
    hosts: { '1 h3': ['a: changed'], '1 h5': undefined, '1 h2': undefined, '1 h4': undefined },
  },
  'registered by until': {
    why: 'attempts are the runs that were made; Ansible counts one too few when none did',
    registered: {
      'h1 a2': exhausted,
      'h1 c2': {
        changed: true,
        failed: true,
        msg: 'One or more items failed',
        skipped: false,
        results: [
          { ...without(exhausted, 'msg'), attempts: '1', failed: false, rc: '0', item: '0', ansible_loop_var: 'item' },
          { ...exhausted, attempts: '2', item: '1', ansible_loop_var: 'item' },
        ],
      },
    },
  },
  'registered by unreachable': {
    why: 'failed is always there, so that a condition on it needs no default',
    registered: { 'h1 b': { c: false, f: false, is: true, u: true } },
  },
  'conditions in lists and templated names': {
    why: 'the name of a skipped task is rendered like any other',
    hosts: {
      '1 h2': [
        'a h2v: skipped',
        'b {{ nothing_known }}: changed',
        'c: skipped',
        'd: skipped',
        'e: changed',
        'f: changed',
      ],
    },
  },
  'set_fact seen in the same task and conditions': {
    why: 'a template that comes to a number is a number',
    hosts: { '1 h1': ['a: ok', 'b: ok', 'c: changed'] },
    exit: 0,
    registered: { 'h1 b': { n: '3', s: '1', l: ['1', '2'], b: true, d: 'v', t: 'int str' } },
  },
  'check mode, a condition on what was not run': {
    why: 'what a command would have come to is decided on the host: it is neither known to be skipped, nor is its rc 0',
    hosts: { '1 h1': ['a: skipped', 'b: skipped', 'c: skipped'] },
    registered: {},
  },
};

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value;
  return rest;
}
