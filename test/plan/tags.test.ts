import { describe, expect, it } from 'vitest';
import { isSelected } from '../../src/plan/tags.ts';

// Each row was answered by ansible-playbook 2.14.18 --list-tasks.
describe('tags select tasks as in Ansible', () => {
  it.each<[tags: string[], only: string[], skip: string[], selected: boolean]>([
    [[], [], [], true],
    [['a'], [], [], true],
    [['never'], [], [], false],
    [['never', 'a'], ['a'], [], true],
    [['never'], ['never'], [], true],
    [['always'], ['b'], [], true],
    [['always'], [], ['always'], false],
    [['always'], [], ['all'], true],
    [['always'], [], ['all', 'always'], false],
    [['always', 'a'], ['b'], ['a'], false],
    [['a'], ['b'], [], false],
    [['a', 'b'], ['b'], [], true],
    [[], ['b'], [], false],
    [[], ['untagged'], [], true],
    [['a'], ['untagged'], [], false],
    [['a'], ['tagged'], [], true],
    [[], ['tagged'], [], false],
    [['never', 'a'], ['tagged'], [], false],
    [['never'], ['all'], [], false],
    [['a'], ['all'], ['a'], false],
    [['a'], [], ['tagged'], false],
    [[], [], ['tagged'], true],
    [[], [], ['untagged'], false],
    [['a'], [], ['all'], false],
    [['always'], [], ['tagged'], false],
  ])('%j with --tags %j --skip-tags %j: %s', (tags, only, skip, selected) => {
    expect(isSelected(tags, only, skip)).toBe(selected);
  });
});
