/** Milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What went on when, row by row, to be drawn. */
export interface Timeline {
  readonly title: string;
  /** What its marks mean. */
  readonly legend?: string;
  /** In words what a picture shows, for those that do not see it. */
  readonly description: string;
  /** The time that is shown; breaks between are cut short. */
  readonly legs: readonly Span[];
  /** When everything waited. */
  readonly pauses: readonly Span[];
  readonly rows: readonly TimelineRow[];
}

export interface TimelineRow {
  readonly label: string;
  readonly thin: readonly Span[];
  readonly thick: readonly Span[];
  /** It did not end well. */
  readonly isBad: boolean;
}
