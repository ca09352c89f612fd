/** Hosts that are taken one after the other, so many at a time, each for about so long. */
export interface Pace {
  readonly hosts: number;
  readonly concurrency: number;
  readonly perHostSeconds: number;
}

export interface Forecast {
  /** From the beginning until the last host is done. */
  readonly lastDoneSeconds: number;
  /** Every host is done before its time is up. */
  readonly isInTime: boolean;
  /** As many hosts as can be renewed together, and then all be done while what was renewed first still holds. */
  readonly mostHosts: number;
}

/**
 * What becomes of hosts that have all been renewed, for so long, before the first of them is taken. They are taken in the
 * order in which they were renewed: then a renewal that goes no slower than what follows it does not shorten the time.
 */
export function forecast(given: Pace & { readonly windowSeconds: number }): Forecast {
  const { hosts, concurrency, perHostSeconds, windowSeconds } = given;
  const lastDoneSeconds = Math.ceil(hosts / concurrency) * perHostSeconds;
  return {
    lastDoneSeconds,
    isInTime: lastDoneSeconds <= windowSeconds,
    mostHosts: Math.floor(windowSeconds / perHostSeconds) * concurrency,
  };
}

/** By host, in the order in which they are taken: when it is done. Batches, given by their sizes, follow each other. */
export function doneAfterSeconds({
  batches,
  concurrency,
  perHostSeconds,
}: Omit<Pace, 'hosts'> & { readonly batches: readonly number[] }): readonly number[] {
  let begun = 0;
  return batches.flatMap((size) => {
    const start = begun;
    begun += Math.ceil(size / concurrency) * perHostSeconds;
    return Array.from({ length: size }, (_, index) => start + (Math.floor(index / concurrency) + 1) * perHostSeconds);
  });
}
