import type { Value } from '../source/value.ts';

/** An expression as it was written. `at` is its offset in the text. */
export type Expression =
  | { readonly kind: 'constant'; readonly value: Value; readonly digits?: string; readonly at: number }
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  | { readonly kind: 'item'; readonly of: Expression; readonly key: Expression; readonly at: number }
  | {
      readonly kind: 'slice';
      readonly of: Expression;
      readonly bounds: readonly (Expression | undefined)[];
      readonly at: number;
    }
  | { readonly kind: 'call'; readonly of: Expression; readonly given: Given; readonly at: number }
  | Named<'filter'>
  | Named<'test'>
  | { readonly kind: 'unary'; readonly operator: 'not' | '-' | '+'; readonly of: Expression; readonly at: number }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
      readonly at: number;
    }
  | {
      readonly kind: 'choice';
      readonly test: Expression;
      readonly then: Expression;
      readonly otherwise?: Expression;
      readonly at: number;
    }
  | { readonly kind: 'list'; readonly items: readonly Expression[]; readonly at: number }
  | {
      readonly kind: 'map';
      readonly entries: readonly (readonly [Expression, Expression])[];
      readonly at: number;
    };

/** A filter or a test, applied. */
interface Named<Kind extends string> {
  readonly kind: Kind;
  readonly of: Expression;
  readonly name: string;
  readonly given: Given;
  readonly at: number;
}

/** What stands between the parentheses of a call, a filter or a test. */
export interface Given {
  readonly positional: readonly Expression[];
  readonly named: ReadonlyMap<string, Expression>;
}

/** Everything directly inside an expression. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'constant':
    case 'name':
      return [];
    case 'item':
      return [expression.of, expression.key];
    case 'slice':
      return [expression.of, ...expression.bounds.filter((bound) => bound !== undefined)];
    case 'call':
    case 'filter':
    case 'test':
      return [expression.of, ...expression.given.positional, ...expression.given.named.values()];
    case 'unary':
      return [expression.of];
    case 'binary':
      return [expression.left, expression.right];
    case 'choice':
      return [expression.test, expression.then, ...(expression.otherwise === undefined ? [] : [expression.otherwise])];
    case 'list':
      return expression.items;
    case 'map':
      return expression.entries.flat();
  }
}
