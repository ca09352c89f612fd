import { refuseVariable } from '../expressions/refused-variables.ts';
import type { Mistakes, Place } from '../source/mistakes.ts';
import { didYouMean } from '../source/nearest.ts';
import { placeAt, type SourceText } from '../source/text.ts';
import type { Draft, DraftGroup } from './draft.ts';
import { readHostPattern } from './host-pattern.ts';
import { typeValue } from './literal.ts';
import { splitWords, type Word } from './shlex.ts';

const SECTION = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/;
const GROUP_NAME = /^([^:\]\s]+)\s*(?:#.*)?$/;
const KINDS = ['hosts', 'children', 'vars'] as const;
type Kind = (typeof KINDS)[number];

/** Reads an INI inventory, or a plain list of hosts, which is one without sections. */
export function readIni(source: SourceText, draft: Draft, mistakes: Mistakes): void {
  const reader = new IniReader(source, draft, mistakes);
  let offset = 0;
  for (const line of source.text.split(/\r\n|\n|\r/)) {
    reader.line(line, offset);
    offset += line.length + (source.text.startsWith('\r\n', offset + line.length) ? 2 : 1);
  }
  reader.end();
}

/** A group that was named and must be declared by the file's end. */
interface Promised {
  readonly place: Place;
  readonly what: string;
  readonly parents: DraftGroup[];
}

class IniReader {
  readonly #source: SourceText;
  readonly #draft: Draft;
  readonly #mistakes: Mistakes;
  readonly #promised = new Map<string, Promised>();
  #group: DraftGroup;
  #kind: Kind | 'unknown' = 'hosts';

  constructor(source: SourceText, draft: Draft, mistakes: Mistakes) {
    this.#source = source;
    this.#draft = draft;
    this.#mistakes = mistakes;
    this.#group = draft.ungrouped;
  }

  line(raw: string, start: number): void {
    const line = raw.trim();
    const offset = start + raw.length - raw.trimStart().length;
    if (line === '' || line.startsWith('#') || line.startsWith(';')) return;
    const section = SECTION.exec(line);
    if (section !== null) this.#section(section[1] ?? '', section[2] ?? 'hosts', offset);
    else if (line.startsWith('[') && line.endsWith(']')) this.#badSection(line, offset);
    else this.#entry(line, offset);
  }

  end(): void {
    const declared = [...this.#draft.groups.keys()].filter((name) => !this.#promised.has(name));
    for (const [name, { place, what }] of this.#promised)
      this.#mistakes.add('group-unknown', `${what}; add [${name}]${didYouMean(name, declared)}`, place);
  }

  #section(name: string, written: string, offset: number): void {
    const kind = KINDS.find((each) => each === written);
    this.#kind = kind ?? 'unknown';
    if (kind === undefined) {
      const near = didYouMean(written, KINDS);
      this.#refuse(
        'ini-section',
        `a section is [GROUP], [GROUP:children] or [GROUP:vars], not ":${written}"${near}`,
        offset,
      );
      return;
    }
    if (kind === 'vars' && !this.#draft.groups.has(name) && !this.#promised.has(name))
      this.#promise(name, `[${name}:vars] is for a group that is defined nowhere`, offset);
    this.#group = this.#draft.group(name);
    if (kind !== 'vars') this.#keepPromise(name, this.#group, offset);
  }

  #promise(name: string, what: string, offset: number): Promised {
    const promised = { place: this.#place(offset), what, parents: [] };
    this.#promised.set(name, promised);
    return promised;
  }

  #keepPromise(name: string, group: DraftGroup, offset: number): void {
    for (const parent of this.#promised.get(name)?.parents ?? [])
      this.#draft.addChild(parent, group, this.#place(offset));
    this.#promised.delete(name);
  }

  #badSection(line: string, offset: number): void {
    this.#kind = 'unknown';
    const host = readHostPattern(line);
    const isAddress = !host.ok && host.code === 'host-name';
    const message = isAddress
      ? host.message
      : `${line} is not a section; write [GROUP], [GROUP:children] or [GROUP:vars], without spaces`;
    this.#refuse('ini-section', message, offset);
  }

  #entry(line: string, offset: number): void {
    switch (this.#kind) {
      case 'hosts':
        this.#hosts(line, offset);
        break;
      case 'vars':
        this.#variable(line, offset);
        break;
      case 'children':
        this.#child(line, offset);
        break;
      case 'unknown':
        // What stands in a section nobody understands has been told with the section.
        break;
    }
  }

  #hosts(line: string, offset: number): void {
    const split = splitWords(line);
    if (split.ok) this.#hostWords(split.words, offset);
    else this.#refuse('ini-quotes', split.message, offset + split.offset);
  }

  #hostWords([first, ...rest]: readonly Word[], offset: number): void {
    if (first === undefined) return;
    const pattern = readHostPattern(first.text);
    // All behind a ";" is one mistake.
    const end = rest.findIndex(({ text }) => text.startsWith(';'));
    const words = end === -1 ? rest : rest.slice(0, end + 1);
    const vars = words.flatMap((word) => this.#assignment(word, offset));
    if (!pattern.ok) {
      this.#refuse(pattern.code, pattern.message, offset + first.offset);
      return;
    }
    for (const name of pattern.names) {
      const host = this.#draft.addHost(name, this.#group, pattern.port);
      for (const [key, value] of vars) host.vars.set(key, value);
    }
  }

  #assignment(word: Word, offset: number): readonly (readonly [string, ReturnType<typeof typeValue>])[] {
    const equals = word.text.indexOf('=');
    if (equals > 0) {
      const name = word.text.slice(0, equals);
      refuseVariable(name, this.#mistakes, this.#place(offset + word.offset));
      return [[name, typeValue(word.text.slice(equals + 1))]];
    }
    const comment = word.text.startsWith(';') ? '; after a host, a comment begins with #' : '';
    this.#refuse('ini-variable', `"${word.text}" is not key=value${comment}`, offset + word.offset);
    return [];
  }

  #variable(line: string, offset: number): void {
    const equals = line.indexOf('=');
    const key = line.slice(0, equals).trim();
    if (equals < 0 || key === '') {
      this.#refuse('ini-variable', `"${line}" is not key=value, as [${this.#group.name}:vars] needs`, offset);
      return;
    }
    this.#draft.setGroupVar(this.#group, key, typeValue(line.slice(equals + 1).trim()), this.#place(offset));
  }

  #child(line: string, offset: number): void {
    const parent = this.#group;
    const name = GROUP_NAME.exec(line)?.[1];
    const promised = name === undefined ? undefined : this.#promised.get(name);
    const known = name === undefined ? undefined : this.#draft.groups.get(name);
    if (name === undefined)
      this.#refuse('ini-child', `"${line}" is not the name of a group, as [${parent.name}:children] needs`, offset);
    else if (known !== undefined) this.#draft.addChild(parent, known, this.#place(offset));
    else {
      const what = `"${name}", a child of "${parent.name}", is a group that is defined nowhere`;
      (promised ?? this.#promise(name, what, offset)).parents.push(parent);
    }
  }

  #place(offset: number): Place {
    return placeAt(this.#source, offset);
  }

  #refuse(code: string, message: string, offset: number): void {
    this.#mistakes.add(code, message, this.#place(offset));
  }
}
