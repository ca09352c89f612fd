interface Output {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** How a command ended. Only `exited` says that it ran to its end. */
export type Outcome = Output &
  (
    | { readonly kind: 'exited'; readonly code: number }
    | { readonly kind: 'signalled'; readonly signal: string }
    /** `left`: processes that outlived even SIGKILL, as text for people; empty when all are gone. */
    | { readonly kind: 'timed_out' | 'aborted'; readonly left: string }
    /** The connection could not be had: nothing was sent. */
    | { readonly kind: 'unreachable'; readonly reason: string }
    /** The connection broke after the command was sent: whether it ran is not known. */
    | { readonly kind: 'lost'; readonly reason: string }
    /** sudo refused: nothing ran. */
    | { readonly kind: 'become_refused'; readonly reason: string }
  );

export type Transferred =
  | { readonly kind: 'done' }
  | { readonly kind: 'unreachable' | 'lost' | 'failed' | 'timed_out' | 'become_refused'; readonly reason: string };
