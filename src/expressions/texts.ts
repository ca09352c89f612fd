import { type Program, programOf, templateProgramOf } from './compile.ts';
import { SyntaxMistake } from './failure.ts';
import { tokensOf } from './lexer.ts';
import { Parser } from './parser.ts';
import { type Expression, partsOf } from './syntax.ts';
import { type Piece, piecesOf } from './template.ts';

/** A playbook has some hundred texts; what is asked again and again should be read once. */
const MOST_KEPT = 5_000;

export interface Template {
  readonly pieces: readonly Piece[];
  /** For templates with statements, which the engine renders as a whole. */
  readonly program?: Program;
}

/** Reads each text once. A mistake in it is thrown each time. */
function remembering<T extends object>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T | SyntaxMistake>();
  return (text) => {
    let found = known.get(text);
    if (found === undefined) {
      found = orMistake(() => read(text));
      if (known.size >= MOST_KEPT) known.clear();
      known.set(text, found);
    }
    if (found instanceof SyntaxMistake) throw found;
    return found;
  };
}

function orMistake<T>(read: () => T): T | SyntaxMistake {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyntaxMistake) return error;
    if (error instanceof RangeError) return new SyntaxMistake('expression-syntax', 'this is nested too deeply', 0);
    throw error;
  }
}

const expressionOf = remembering((text): Expression => new Parser(tokensOf(text, 0)).all());

export const templateOf = remembering((text): Template => {
  const pieces = piecesOf(text);
  return pieces.some((piece) => piece.kind === 'tag') ? { pieces, program: templateProgramOf(pieces) } : { pieces };
});

const programs = new WeakMap<Expression, Program>();

export function programFor(expression: Expression): Program {
  const known = programs.get(expression) ?? programOf(expression);
  programs.set(expression, known);
  return known;
}

/**
 * A condition's expression. One that is wholly in `{{ }}` counts as what is inside, as in Ansible; with more braces it
 * is refused, since what they hold would be read as an expression once more.
 */
export function conditionOf(text: string): Expression {
  if (!text.includes('{{') && !text.includes('{%')) return expressionOf(text);
  const found = orMistake(() => expressionOf(text));
  if (!(found instanceof SyntaxMistake)) return withoutTemplates(found);
  const [only, second] = text.trimStart().startsWith('{{') ? templateOf(text).pieces.filter(isVisible) : [];
  if (only?.kind === 'print' && second === undefined) return only.expression;
  const at = text.search(/\{\{|\{%/);
  throw new SyntaxMistake('expression-template', 'this is an expression already; write names in it without {{ }}', at);
}

/** Ansible would render what stands in quotes; here it would be compared as it is written, and never be the same. */
function withoutTemplates(expression: Expression): Expression {
  if (expression.kind === 'constant' && typeof expression.value === 'string' && /\{\{.*\}\}/s.test(expression.value))
    throw new SyntaxMistake(
      'expression-template',
      'what stands in quotes here is not rendered; write the name without quotes and {{ }}, joined with ~ where text is around it',
      expression.at,
    );
  partsOf(expression).forEach(withoutTemplates);
  return expression;
}

function isVisible(piece: Piece): boolean {
  return piece.kind !== 'text' || piece.text.trim() !== '';
}
