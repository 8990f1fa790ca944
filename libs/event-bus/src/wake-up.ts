/** Lets one waiter sleep until somebody wakes it. A wake-up that comes while nobody sleeps is kept for the next. */
export class WakeUp {
  #pending = false;
  #wake: (() => void) | undefined;

  wake(): void {
    this.#pending = true;
    this.#wake?.();
  }

  /** Resolves on a wake-up, after `timeoutMs`, or when aborted. */
  async wait(signal: AbortSignal, timeoutMs?: number): Promise<void> {
    if (!this.#pending && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = () => resolve();
      this.#wake = wake;
      signal.addEventListener('abort', wake, { once: true });
      const timer = timeoutMs === undefined ? undefined : setTimeout(wake, timeoutMs);
      await promise;
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      this.#wake = undefined;
    }
    this.#pending = false;
  }
}
