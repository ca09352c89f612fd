import { didYouMean } from '../source/nearest.ts';
import { DIRECT_TESTS, TAKES_NAME } from './direct.ts';
import { FILTERS } from './filters.ts';
import type { Flaw } from './scope.ts';
import { type Expression, partsOf } from './syntax.ts';
import { TESTS } from './tests.ts';

/** The engine's own (https://docs.rs/minijinja/latest/minijinja/filters/), less those that are replaced here. */
const ENGINE_FILTERS = [
  'abs',
  'attr',
  'batch',
  'capitalize',
  'count',
  'default',
  'd',
  'dictsort',
  'e',
  'escape',
  'first',
  'groupby',
  'indent',
  'last',
  'length',
  'lines',
  'lower',
  'map',
  'max',
  'min',
  'pprint',
  'reject',
  'rejectattr',
  'replace',
  'reverse',
  'round',
  'safe',
  'select',
  'selectattr',
  'slice',
  'sort',
  'split',
  'sum',
  'title',
  'tojson',
  'trim',
  'upper',
];
const ENGINE_TESTS = [
  'boolean',
  'divisibleby',
  'endingwith',
  'eq',
  'equalto',
  'even',
  'false',
  'filter',
  'float',
  'ge',
  'greaterthan',
  'gt',
  'in',
  'integer',
  'iterable',
  'le',
  'lessthan',
  'lower',
  'lt',
  'mapping',
  'ne',
  'number',
  'odd',
  'sameas',
  'sequence',
  'startingwith',
  'string',
  'test',
  'true',
  'upper',
];
export const FUNCTIONS = ['range', 'dict', 'namespace', 'loop', 'caller', 'super'];
const REFUSED: Readonly<Record<string, string>> = {
  lookup:
    'lookup() reads from the machine that runs this, behind the plan’s back; put the value into a variable, vars_files or -e',
  query:
    'query() reads from the machine that runs this, behind the plan’s back; put the value into a variable, vars_files or -e',
  q: 'q() reads from the machine that runs this, behind the plan’s back; put the value into a variable, vars_files or -e',
  now: 'now() would make each run another one; run "date" on the host and register what it says',
  undef: 'undef() is not supported; leave the variable out, or use "mandatory"',
};

const KNOWN_FILTERS: readonly string[] = [...new Set([...ENGINE_FILTERS, ...FILTERS.keys()])];
const KNOWN_TESTS: readonly string[] = [...new Set([...ENGINE_TESTS, ...DIRECT_TESTS, ...TESTS.keys()])];
/** Filters, tests and functions that there are not, anywhere in an expression. */
export function flawsIn(expression: Expression, locals: ReadonlySet<string>): readonly Flaw[] {
  const own = flawOf(expression, locals);
  return [...(own === undefined ? [] : [own]), ...partsOf(expression).flatMap((part) => flawsIn(part, locals))];
}

function flawOf(expression: Expression, locals: ReadonlySet<string>): Flaw | undefined {
  switch (expression.kind) {
    case 'filter':
      return unknownName('filter', expression.name, expression.at) ?? nameGiven(expression);
    case 'test':
      return unknownName('test', expression.name, expression.at);
    case 'call':
      return expression.of.kind === 'name' && !locals.has(expression.of.name)
        ? unknownFunction(expression.of.name, expression.of.at)
        : undefined;
    default:
      return undefined;
  }
}

function unknownName(kind: 'filter' | 'test', name: string, offset: number): Flaw | undefined {
  const known = kind === 'filter' ? KNOWN_FILTERS : KNOWN_TESTS;
  if (known.includes(name)) return undefined;
  return { code: `unknown-${kind}`, message: `there is no ${kind} "${name}"${didYouMean(name, known)}`, offset };
}

function unknownFunction(name: string, offset: number): Flaw | undefined {
  if (FUNCTIONS.includes(name)) return undefined;
  const refusal = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
  const known = FUNCTIONS.slice(0, 3);
  const message = refusal ?? `there is no function "${name}"${didYouMean(name, known)}; there are ${known.join(', ')}`;
  return { code: refusal === undefined ? 'unknown-function' : 'refused-function', message, offset };
}

function nameGiven(filter: Expression & { readonly kind: 'filter' }): Flaw | undefined {
  const takes = Object.hasOwn(TAKES_NAME, filter.name) ? TAKES_NAME[filter.name] : undefined;
  const given = takes === undefined ? undefined : filter.given.positional[takes[1]];
  if (takes === undefined || given?.kind !== 'constant' || typeof given.value !== 'string') return undefined;
  return unknownName(takes[0], given.value, given.at);
}
