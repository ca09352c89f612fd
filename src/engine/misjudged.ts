/** A mistake that shows only now: an undefined variable, a parameter that came out wrong. The host fails, nothing was sent. */
export class Misjudged extends Error {}

/** A dry run cannot know it: it rests on the result of something that was not done. No failure. */
export class Undecided extends Misjudged {}
