/** A host's own clock: real time goes on in it, and tests and the host's `sleep` push it further. */
export class HostClock {
  /** The host came up 40 days before it is first looked at. Milliseconds. */
  #uptimeMs = 40 * 86_400_000;
  #seen = performance.now();
  readonly #bootedAt = Date.now() - this.#uptimeMs;

  /** Milliseconds since the boot. */
  uptime(): number {
    const now = performance.now();
    this.#uptimeMs += now - this.#seen;
    this.#seen = now;
    return this.#uptimeMs;
  }

  now(): Date {
    return new Date(this.#bootedAt + this.uptime());
  }

  advance(ms: number): void {
    this.uptime();
    this.#uptimeMs += ms;
  }
}
