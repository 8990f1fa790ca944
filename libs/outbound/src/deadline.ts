import { CancelledError, DeadlinePassedError } from './failure.ts';

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/** A signal that fires after `ms`, or when `outer` does. Disposing it lets go of the timer and of `outer`. */
export function startDeadline(ms: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  const abort = () => controller.abort(new CancelledError('Cancelled', { cause: outer?.reason }));
  const timer = setTimeout(() => controller.abort(new DeadlinePassedError()), ms);
  outer?.addEventListener('abort', abort, { once: true });
  if (outer?.aborted) abort();
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
}
