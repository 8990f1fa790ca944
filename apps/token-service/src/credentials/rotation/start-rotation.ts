import { setTimeout as sleep } from 'node:timers/promises';
import { isDatabaseUnavailable } from '@agent-platform/database';
import { isPassing } from '@agent-platform/service';
import type { RotationContext } from './context.ts';
import { rotateKeys } from './rotate-keys.ts';

const PASS_EVERY_MS = 60_000;

/** Rotates keys in the background, from now on and once a minute. Disposing waits for the batch that is under way. */
export function startRotation(context: RotationContext, measure: () => Promise<void>): AsyncDisposable {
  const { logger } = context;
  const stop = new AbortController();

  async function pass(): Promise<void> {
    await measure();
    const counts = await rotateKeys(context, stop.signal);
    await measure();
    if (counts.unreadable > 0) logger.warn(counts, 'keys rotated, but not everything could be read');
    else if (Object.values(counts).some((count) => count > 0)) logger.info(counts, 'keys rotated');
  }

  async function passes(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await pass();
      } catch (err) {
        if (stop.signal.aborted) return;
        const level = isDatabaseUnavailable(err) || isPassing(err) ? 'warn' : 'error';
        logger[level]({ err }, 'the rotation of keys was interrupted and goes on in a minute');
      }
      await sleep(PASS_EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }

  const running = passes();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
