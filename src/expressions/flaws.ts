import { namesOf } from './direct.ts';
import { SyntaxMistake } from './failure.ts';
import { FUNCTIONS, flawsIn } from './known.ts';
import type { Flaw } from './scope.ts';
import { expressionsIn, isTemplate, localsOf } from './template.ts';
import { conditionOf, templateOf } from './texts.ts';

/** Mistakes in a template that show without values: syntax, unknown filters, tests and functions. */
export function templateFlaws(value: string): readonly Flaw[] {
  if (!isTemplate(value)) return [];
  return flawsOr(() => {
    const { pieces } = templateOf(value);
    const locals = localsOf(pieces);
    return expressionsIn(pieces).flatMap((expression) => flawsIn(expression, locals));
  });
}

/** The same for a bare expression, as `when` takes. */
export function expressionFlaws(text: string): readonly Flaw[] {
  return flawsOr(() => flawsIn(conditionOf(text), new Set()));
}

function flawsOr(find: () => readonly Flaw[]): readonly Flaw[] {
  try {
    return [...find()].sort((a, b) => a.offset - b.offset);
  } catch (error) {
    if (error instanceof SyntaxMistake) return [{ code: error.code, message: error.message, offset: error.offset }];
    throw error;
  }
}

/** Every name that a text refers to, and maybe some that it gives values to itself. None where it cannot be read. */
export function namesIn(text: string, kind: 'template' | 'expression'): ReadonlySet<string> {
  const names = new Set<string>();
  if (kind === 'template' && !isTemplate(text)) return names;
  flawsOr(() => {
    const read = kind === 'expression' ? [conditionOf(text)] : expressionsIn(templateOf(text).pieces);
    for (const expression of read) namesOf(expression, names);
    return [];
  });
  for (const name of FUNCTIONS) names.delete(name);
  return names;
}
