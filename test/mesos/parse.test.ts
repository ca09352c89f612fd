import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCapture } from '../../src/actions/mesos/capture-parse.ts';
import { readStat } from '../../src/actions/mesos/processes.ts';
import { printable, readSections, records } from '../../src/actions/mesos/sections.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const hex = (text: string) =>
  ` ${bytes(text)
    .toString('hex')
    .replace(/..(?!$)/g, '$& ')}`;

describe('a line of /proc/PID/stat', () => {
  it.each([
    ['a plain name', '13528 (mesos-executor) S 13136 13528', 'mesos-executor'],
    ['spaces and parentheses', '13528 (my (own) ex) R S) S 13136 13528', 'my (own) ex) R S'],
    ['a line break', '13528 (a\nb) S 13136 13528', 'a\\x0ab'],
  ])('with %s', (_, head, comm) => {
    const line = `${head} 13528 0 -1 4194560 23 0 0 0 54 21 0 0 20 0 11 0 9876543 815398912 24`;
    expect(readStat(bytes(line))).toEqual({ pid: 13528, parent: 13136, start: 9876543, comm });
  });

  it.each([[''], ['nonsense'], ['1 (x'], ['x (y) S 1 2']])('that is none: %j', (line) => {
    expect(readStat(bytes(line))).toBeUndefined();
  });
});

describe('names on a host', () => {
  it.each([
    ['plain', 'plain'],
    ['with space', 'with space'],
    ['\x1b[2Jwiped', '\\x1b[2Jwiped'],
    ['\xff\xfe', '\\xff\\xfe'],
    ['two\nlines', 'two\\x0alines'],
    ['{{ 7 * 7 }}$(id)', '{{ 7 * 7 }}$(id)'],
    ['caf\xc3\xa9', 'café'],
    ['\xe2\x80\xaeevil', '\\u202eevil'],
  ])('%j are printable', (name, shown) => {
    expect(printable(bytes(name))).toBe(shown);
  });

  it('never steer a terminal, whatever they hold', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (name) => {
        expect(printable(name)).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
      }),
    );
  });

  it('pass through hex as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array().map((some) => some.filter((byte) => byte !== 0))), (names) => {
        const joined = Buffer.concat(names.flatMap((name) => [Buffer.from(name), Buffer.from([0])]));
        const sections = readSections(`= a\n- b\n${hex(joined.toString('latin1'))}\n= end\n`);
        const read = records(sections?.[0]?.fields[0]?.bytes ?? new Uint8Array());
        expect(read.map((each) => Buffer.from(each))).toEqual(names.map((name) => Buffer.from(name)));
      }),
    );
  });
});

/** As a probe of a host with the recorded processes prints it: ports and inodes as in /proc/net/tcp. */
function answer(processes: readonly string[], rows: readonly string[]): string {
  return [
    '= boot 8c0ffee0-1',
    '= unit dcos-mesos-slave.service',
    '- show',
    hex('LoadState=loaded\nActiveState=active\nMainPID=13136\n'),
    '- stat',
    hex('13136 (mesos-agent) S 1 13136 13136 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 11 0 4000 0 0'),
    '= unit dcos-mesos-slave-public.service',
    '- show',
    hex('LoadState=not-found\nActiveState=inactive\nMainPID=0\n'),
    ...processes,
    '= net net:[4026531992]',
    ...rows.map((row) => `- tcp ${row}`),
    '= text',
    '- version',
    hex('mesos 1.0.3\n'),
    '= end',
    '',
  ].join('\n');
}

interface Made {
  readonly pid: number;
  readonly parent?: number;
  readonly id?: string;
  readonly environment?: readonly string[];
  readonly fds?: readonly string[];
  /** What it is called. */
  readonly name?: string;
  /** Other lines of its section. */
  readonly more?: readonly string[];
}

/** As `ls -l` prints the links of a process. */
function listed(fds: readonly string[]): string {
  const link = (name: string, to: string) => `lrwxrwxrwx 1 root root 0 Nov 21 12:54 ${name} -> ${to}\n`;
  return [
    link('/proc/1/exe', '/opt/mesosphere/bin/mesos-executor'),
    link('/proc/1/ns/mnt', 'mnt:[4026531840]'),
    link('/proc/1/ns/net', 'net:[4026531992]'),
    '\n/proc/1/fd/:\ntotal 0\n',
    ...fds.map((fd) => link(fd.slice(0, fd.indexOf(' ')), fd.slice(fd.indexOf(' ') + 1))),
  ].join('');
}

function process({
  pid,
  parent = 1,
  id = 'cmd-ckpt',
  environment = ['MESOS_CHECKPOINT=1', 'MESOS_RECOVERY_TIMEOUT=15mins'],
  fds = [],
  name = 'mesos-executor',
  more = [],
}: Made): string {
  const variables = [
    `MESOS_EXECUTOR_ID=${id}`,
    `MESOS_DIRECTORY=/var/lib/mesos/slave/${id}`,
    'MESOS_SLAVE_PID=slave(1)@127.0.0.1:5051',
    ...environment,
  ];
  return [
    `= process ${pid}`,
    '- stat',
    hex(`${pid} (${name}) S ${parent} 1 1 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 11 0 ${pid * 10} 0 0`),
    '- environ',
    hex(variables.map((line) => `${line}\0`).join('')),
    '- cmdline',
    hex(`${name}\0--launcher_dir=/opt/x y\0`),
    '- links',
    hex(listed(fds)),
    ...more,
  ].join('\n');
}

/** 5051 is 13BB. */
const LINK = 'EC52 13BB 01 700';
const AGENT_SIDE = '13BB EC52 01 701';
const LISTENING = 'A6B3 0000 0A 702';

const executors = (processes: readonly string[], rows: readonly string[]) =>
  parseCapture(answer(processes, rows), 5051)?.executors;

describe('a capture', () => {
  it('finds the unit that is there, its process and since when', () => {
    expect(parseCapture(answer([], ['13BB 0000 0A 600']), 5051)?.agent).toMatchObject({
      unit: 'dcos-mesos-slave.service',
      state: 'active',
      pid: 13136,
      start: 4000,
      instance: '8c0ffee0-1/13136/4000',
      listening: true,
    });
  });

  it('finds an executor, its flag, its time limit and its link', () => {
    const made = process({ pid: 13812, fds: ['5 socket:[702]', '6 socket:[700]'] });
    expect(executors([made], [LINK, AGENT_SIDE, LISTENING])).toEqual([
      {
        pid: 13812,
        start: 138120,
        id: 'cmd-ckpt',
        framework: '',
        comm: 'mesos-executor',
        argv: ['mesos-executor', '--launcher_dir=/opt/x y'],
        http: false,
        checkpoint: true,
        checkpointKnown: true,
        recoveryTimeout: '15mins',
        recoveryTimeoutSeconds: 900,
        standing: 'linked',
        links: [{ fd: 6, inode: 700, localPort: 60498 }],
        user: 'root',
        exe: { path: '/opt/mesosphere/bin/mesos-executor', deleted: false },
        sandbox: '/var/lib/mesos/slave/cmd-ckpt',
        libmesos: '',
        cgroups: [],
      },
    ]);
  });

  it.each([
    ['a port that only looks like it: 15051', 'EC52 3ACB 01 700'],
    ['the own port, not the peer’s', '13BB EC52 01 700'],
    ['a closing state', 'EC52 13BB 06 700'],
    ['a listening socket', '13BB 0000 0A 700'],
    ['somebody else’s socket', 'EC52 13BB 01 7000'],
  ])('takes for no link: %s', (_, row) => {
    expect(executors([process({ pid: 1, fds: ['6 socket:[700]'] })], [row])?.[0]?.links).toEqual([]);
  });

  it.each([
    ['linked', ['6 socket:[700]'], 'linked'],
    ['waiting', ['5 socket:[702]'], 'waiting'],
    ['unlinked', [], 'unlinked'],
  ])('tells who is %s', (_, fds, standing) => {
    expect(executors([process({ pid: 1, fds })], [LINK, LISTENING])?.[0]?.standing).toBe(standing);
  });

  it('takes a task, which inherits its executor’s environment, for no executor', () => {
    const family = [
      process({ pid: 20, fds: ['5 socket:[702]'] }),
      process({ pid: 30, parent: 20 }),
      process({ pid: 31, parent: 30 }),
    ];
    expect(executors(family, [LISTENING])?.map(({ pid }) => pid)).toEqual([20]);
  });

  it('finds the executor behind the shell that started it', () => {
    const family = [process({ pid: 20 }), process({ pid: 30, parent: 20, fds: ['6 socket:[700]'] })];
    expect(executors(family, [LINK])?.map(({ pid }) => pid)).toEqual([30]);
  });

  it('knows an executor that speaks HTTP by its environment: two links may be a driver’s, too', () => {
    const told = process({ pid: 1, id: 'a', environment: ['MESOS_HTTP_COMMAND_EXECUTOR=1'] });
    const driver = process({ pid: 2, id: 'b', fds: ['6 socket:[700]', '7 socket:[800]'] });
    expect(executors([told, driver], [LINK, 'EC60 13BB 01 800'])?.map(({ http }) => http)).toEqual([true, false]);
  });

  it('does not believe that of a docker executor or a framework’s own: the agent tells all of them the same', () => {
    const environment = ['MESOS_CHECKPOINT=1', 'MESOS_HTTP_COMMAND_EXECUTOR=1'];
    const [docker, own] = ['mesos-docker-ex', 'java'].map((name, n) =>
      process({ pid: n + 1, id: name, name, environment, fds: [`6 socket:[70${n}]`] }),
    );
    const found = executors([docker ?? '', own ?? ''], [LINK, LINK.replace('700', '701')]);
    expect(found?.map(({ http, standing }) => ({ http, standing }))).toEqual([
      { http: false, standing: 'linked' },
      { http: false, standing: 'linked' },
    ]);
  });

  it('takes a task that outlived its executor, and listens, for nobody who waits', () => {
    const agentSays = (known: readonly string[]) => {
      const state = { frameworks: [{ id: 'f', executors: known.map((id) => ({ id })) }] };
      return `= http\n- metrics\n- state\n${hex(`${JSON.stringify(state)}\n200`)}`;
    };
    const orphan = process({
      pid: 1,
      id: 'web',
      environment: ['MESOS_CHECKPOINT=1', 'MESOS_FRAMEWORK_ID=f'],
      fds: ['5 socket:[702]'],
    });
    const standing = (known: readonly string[]) =>
      executors([orphan, agentSays(known)], [LISTENING])?.map((each) => each.standing);
    expect(standing(['web', 'other'])).toEqual(['waiting']);
    expect(standing(['other'])).toEqual(['unlinked']);
    // It may keep from us what it knows.
    expect(standing([])).toEqual(['waiting']);
  });

  it.each([
    ['an inspection that came to its end', 0, true],
    ['a container that ended meanwhile', 1, true],
    ['an inspection that hung', 137, false],
  ])('believes Docker after %s: %i', (_, code, answers) => {
    const said = `= docker\n- code 0\n- told ${code}\n- containers`;
    expect(parseCapture(answer([said], []), 5051)?.docker?.answers).toBe(answers);
  });

  it('leaves out who has gone while it was looked at', () => {
    expect(executors(['= process 77\n- stat\n- environ\n- cmdline\n- links'], [])).toEqual([]);
  });

  it('is none when the answer was cut off', () => {
    expect(parseCapture(answer([], []).replace('= end', ''), 5051)).toBeUndefined();
  });
});
