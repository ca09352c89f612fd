/** A place in a text that somebody wrote. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The line itself, for the caret; absent where showing it would not help (a line of 10 MB). */
  readonly excerpt?: string;
}

/** Something wrong in what we were given: where, what, and what to write instead. `code` is stable; the prose is not. */
export interface Mistake {
  readonly code: string;
  readonly message: string;
  readonly place?: Place;
}

/** Every mistake of a load, found before any host is touched: people fix all of them in one go. */
export class Mistakes {
  readonly #found: Mistake[] = [];
  readonly #known = new Set<string>();

  add(code: string, message: string, place?: Place): void {
    const identity = JSON.stringify([message, place?.file, place?.line, place?.column]);
    if (this.#known.has(identity)) return;
    this.#known.add(identity);
    this.#found.push(place === undefined ? { code, message } : { code, message, place });
  }

  get all(): readonly Mistake[] {
    return this.#found;
  }

  get none(): boolean {
    return this.#found.length === 0;
  }
}

/** `file:line:column: message`, the line, and a caret under the column. */
export function describeMistake(mistake: Mistake): string {
  const { place, message } = mistake;
  if (place === undefined) return message;
  const head = `${place.file}:${place.line}:${place.column}: ${message}`;
  if (place.excerpt === undefined) return head;
  return `${head}\n    ${place.excerpt}\n    ${blanksFor(place.excerpt.slice(0, place.column - 1))}^`;
}

/** Characters of Asia that take two columns of a terminal: an ideographic space is as wide. Others of two are two units long. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/;

/** Blanks that are as wide as a text. */
function blanksFor(text: string): string {
  return text
    .replace(/\p{M}/gu, '')
    .replace(/[\s\S]/g, (unit) => (unit === '\t' ? '\t' : WIDE.test(unit) ? '\u3000' : ' '));
}
