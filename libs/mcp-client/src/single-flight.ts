import { RequestFailedError } from '@agent-platform/outbound';

/** Does a work once for all who ask for it while it is under way. */
export class SingleFlight<T> {
  readonly #pending = new Map<string, Promise<T>>();

  run(key: string, work: () => Promise<T>): Promise<T> {
    const underWay = this.#pending.get(key);
    if (underWay) return underWay;
    const started = work().finally(() => this.#pending.delete(key));
    // Those who wait hear of a failure; it may be that nobody waits any more.
    started.catch(() => undefined);
    this.#pending.set(key, started);
    return started;
  }
}

/** Waits as long as the signal lets it; what is waited for goes on. @throws RequestFailedError */
export async function waitFor<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(new RequestFailedError(false, signal.reason));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
