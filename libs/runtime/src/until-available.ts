import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Repeats a step of a start for as long as what it needs is not there yet, so that the processes of a cluster can be
 * started in any order.
 *
 * @param step - for the log: `event bus`.
 * @throws whatever is not an AppError of kind `unavailable`; the signal's reason once it is aborted.
 */
export async function untilAvailable<T>(
  step: string,
  work: () => Promise<T>,
  { logger, signal }: { logger: Logger; signal: AbortSignal },
): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (err) {
      signal.throwIfAborted();
      if (!(err instanceof AppError) || err.kind !== 'unavailable') throw err;
      logger.warn({ err, step }, `waiting for the ${step}`);
    }
    await sleep(pauseMs, undefined, { signal });
  }
}
