import { describe, expect, it } from 'vitest';
import { readEnvironmentFile } from '../../src/actions/mesos/environment-file.ts';
import { changedSettings, settingsOf } from '../../src/actions/mesos/settings.ts';

describe('an EnvironmentFile is read as systemd reads it', () => {
  it.each<[string, string, Record<string, string>]>([
    ['plain', 'A=1\nB=two words\n', { A: '1', B: 'two words' }],
    ['comments and empty lines', '# A=1\n; B=2\n\n  C=3  \n', { C: '3' }],
    ['a comment that goes on', '# A=1 \\\nB=2\nC=3', { C: '3' }],
    ['quotes', 'A="x y"\nB=\'$HOME "z"\'\nC="a"\'b\' c', { A: 'x y', B: '$HOME "z"', C: 'abc' }],
    ['quotes within a value', 'A=rack:"1"', { A: 'rack:"1"' }],
    ['escapes', 'A="\\"\\$x\\n"\nB=a\\ b\\\\', { A: '"$x\\n', B: 'a b\\' }],
    ['a line that goes on', 'A=cpus:4;\\\nmem:5\nB="x\\\ny"', { A: 'cpus:4;mem:5', B: 'xy' }],
    ['a value over lines, in quotes', "A='x\ny'\nB=1", { A: 'x\ny', B: '1' }],
    ['nothing after the sign', 'A=\nB=1', { A: '', B: '1' }],
    ['no assignment', 'nonsense\nA=1', { A: '1' }],
    ['the last of several', 'A=1\nA=2', { A: '2' }],
    ['nothing', '', {}],
  ])('%s', (_, text, expected) => {
    expect(Object.fromEntries(readEnvironmentFile(text))).toEqual(expected);
  });
});

describe('the flags of an agent', () => {
  const environment = new Map([
    ['MESOS_RECOVER', 'reconnect'],
    ['MESOS_ATTRIBUTES', 'rack:a1'],
    ['PATH', '/bin'],
  ]);

  it('are those of its command line before those of its environment before what it says', () => {
    const said = { recovery_timeout: '15mins', recover: 'said', credential: '/secret' };
    expect(settingsOf(environment, ['--attributes=rack:b2', '--no-strict', '--work_dir=/w'], said)).toEqual({
      recover: 'reconnect',
      strict: 'false',
      recovery_timeout: '15mins',
      attributes: 'rack:b2',
      work_dir: '/w',
    });
  });

  it.each<[string, string, readonly string[], readonly object[]]>([
    ['the same', '', ['MESOS_RECOVER=reconnect\nMESOS_ATTRIBUTES="rack:a1"\n'], []],
    ['the unit’s own environment', 'MESOS_RECOVER=reconnect "MESOS_ATTRIBUTES=rack:a1"', [], []],
    [
      'another value',
      '',
      ['MESOS_ATTRIBUTES=rack:b2'],
      [{ name: 'MESOS_ATTRIBUTES', running: 'rack:a1', onDisk: 'rack:b2' }],
    ],
    ['a value that was taken out', '', ['X=1'], [{ name: 'MESOS_ATTRIBUTES', running: 'rack:a1' }]],
    [
      'a value that is new, which nobody may read',
      '',
      ['MESOS_ATTRIBUTES=rack:a1\nMESOS_DOCKER_CONFIG={"auth":1}'],
      [{ name: 'MESOS_DOCKER_CONFIG', onDisk: '(not shown)' }],
    ],
    ['a later file', '', ['MESOS_ATTRIBUTES=x', 'MESOS_ATTRIBUTES=rack:a1'], []],
  ])('that change with the next start: %s', (_, unit, files, expected) => {
    const running = new Map([...environment].filter(([name]) => name !== 'MESOS_RECOVER' || files[0]?.includes(name)));
    const withRecover = unit === '' ? running : environment;
    expect(changedSettings(withRecover, unit, files, false)).toEqual(expected);
  });

  it.each<[string, string, readonly string[]]>([
    ['is not in them', 'X=1', []],
    ['is another in them', 'MESOS_ATTRIBUTES=rack:b2', ['MESOS_ATTRIBUTES']],
    ['is new in them', 'MESOS_ATTRIBUTES=rack:a1\nMESOS_HOSTNAME=h', ['MESOS_HOSTNAME']],
  ])('are compared with the files alone where a script starts the agent: what %s', (_, file, names) => {
    const changed = changedSettings(environment, '', [`MESOS_RECOVER=reconnect\n${file}`], true);
    expect(changed.map(({ name }) => name)).toEqual(names);
  });
});
