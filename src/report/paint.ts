/** Colours for a terminal, or none. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly changed: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly urgent: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

const as = (begin: number, end: number) => (text: string) => `\x1b[${begin}m${text}\x1b[${end}m`;
const bare = (text: string) => text;

export const COLOURS: Paint = {
  good: as(32, 39),
  changed: as(33, 39),
  bad: as(31, 39),
  urgent: as(7, 27),
  faint: as(2, 22),
  strong: as(1, 22),
};

export const NO_COLOURS: Paint = { good: bare, changed: bare, bad: bare, urgent: bare, faint: bare, strong: bare };
