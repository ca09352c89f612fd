import type { Timeline } from './timeline.ts';

/** What people approve, apart from how it is printed. Texts are plain: each printer escapes them in one place. */
export interface Document {
  readonly title: string;
  readonly sections: readonly Section[];
}

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
  readonly parts?: readonly Section[];
}

/** Prose, or something to be read letter by letter: a name, a path, a digest, a command. */
export type Text = string | { readonly code: string };

export type Block =
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'facts'; readonly facts: readonly Fact[] }
  | { readonly kind: 'list'; readonly items: readonly Text[] }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly Text[])[] }
  /** `columns`: lines that stand under each other, and are not to be broken. */
  | { readonly kind: 'code'; readonly text: string; readonly columns?: true }
  /** Drawn where a picture can be; elsewhere what it shows is told in words. */
  | { readonly kind: 'timeline'; readonly timeline: Timeline }
  /** Lines to be filled in by hand. */
  | { readonly kind: 'blanks'; readonly labels: readonly string[] };

export type Fact = readonly [label: string, value: Text];

export const code = (text: string): Text => ({ code: text });

/** A block of facts of which some may be absent. */
export function facts(...all: readonly (Fact | undefined)[]): Block {
  return { kind: 'facts', facts: all.filter((fact) => fact !== undefined) };
}

export function paragraph(text: string): Block {
  return { kind: 'paragraph', text };
}

/** A list, or nothing where it would be empty. */
export function list(items: readonly Text[]): readonly Block[] {
  return items.length === 0 ? [] : [{ kind: 'list', items }];
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
