import { ACTIONS } from '../actions/registry.ts';
import { KEYWORDS, type Level } from './keywords.ts';
import { type Known, paramsSchema } from './params.ts';

/** JSON Schema (draft 2020-12) of a playbook, for editors. The loader is stricter, and says more. */
export function playbookJsonSchema(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A rollgate playbook',
    type: 'array',
    minItems: 1,
    items: { $ref: '#/$defs/play' },
    $defs: {
      play: { ...objectOf('play'), required: ['hosts'] },
      item: {
        if: { type: 'object', required: ['block'] },
        // biome-ignore lint/suspicious/noThenProperty: the word is JSON Schema's
        then: { $ref: '#/$defs/block' },
        else: { $ref: '#/$defs/task' },
      },
      block: { ...objectOf('block'), required: ['block'] },
      task: taskOf('task'),
      handler: taskOf('handler'),
      ...Object.fromEntries([...ACTIONS].map(([name, action]) => [`action_${name}`, paramsOf(action)])),
    },
  };
}

function objectOf(level: Level): {
  readonly type: 'object';
  readonly properties: object;
  readonly additionalProperties: false;
} {
  return { type: 'object', properties: propertiesOf(level), additionalProperties: false };
}

function propertiesOf(level: Level): object {
  const here = Object.entries(KEYWORDS).filter(([, { levels }]) => levels.includes(level));
  return Object.fromEntries(here.map(([name, { about, schema }]) => [name, { ...schema, description: about }]));
}

/** A task is its keywords and an action. */
function taskOf(level: 'task' | 'handler'): object {
  const { properties, ...rest } = objectOf(level);
  const names = [...ACTIONS.keys()];
  const actions = Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/action_${name}` }]));
  const prefixed = `^ansible\\.(builtin|legacy)\\.(${names.join('|')})$`;
  return {
    ...rest,
    properties: { ...properties, ...actions },
    patternProperties: { [prefixed]: {} },
    anyOf: [...names.map((name) => ({ required: [name] })), { not: { propertyNames: { not: { pattern: prefixed } } } }],
  };
}

/**
 * Any parameter may be a template as well, and free form text may stand for the mapping. Other names of a parameter are
 * no part of the schema, so unknown ones are left to the loader.
 */
function paramsOf(action: Known): object {
  const { properties, description = action.summary } = paramsSchema(action);
  const mapping =
    properties === undefined ? { type: 'object' } : { type: 'object', properties: orTemplates(properties) };
  return { description, anyOf: [mapping, { type: ['string', 'null'] }] };
}

const TEMPLATE = { type: 'string', pattern: '\\{[{%#]' };

function orTemplates(properties: object): object {
  const allowed = Object.entries(properties).map(([key, { description, ...schema }]) => {
    const about = description === undefined ? {} : { description };
    // A value of any depth refers to definitions of its own; an editor loses nothing without them.
    const isAnything = JSON.stringify(schema).includes('"$ref"');
    return [key, isAnything ? about : { ...about, anyOf: [schema, TEMPLATE] }];
  });
  return Object.fromEntries(allowed);
}
