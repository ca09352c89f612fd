/** Whether somebody has said to wait. Unlike the latches of `stop.ts` it is taken back, and says nothing of what the run has come to. */
export class Pause {
  #isOn = false;
  #waiting: (() => void)[] = [];

  begin(): void {
    this.#isOn = true;
  }

  end(): void {
    this.#isOn = false;
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Resolves when nobody says to wait any more, or when the run is stopped. */
  over(stopped: AbortSignal): Promise<void> {
    if (!this.#isOn || stopped.aborted) return Promise.resolve();
    return new Promise((goOn) => {
      this.#waiting.push(goOn);
      stopped.addEventListener('abort', () => goOn(), { once: true });
    });
  }
}
