import { backOff } from '../backoff.ts';
import type { Session } from './session.ts';
import { watch, type WatchdogOptions } from './watchdog.ts';
import type { Logger } from '@agent-platform/telemetry';

export interface SuperviseOptions extends Omit<WatchdogOptions, 'signal'> {
  readonly logger: Logger;
  readonly start: () => Promise<Session>;
  /** Aborted when disposed: `start` gives up then. */
  readonly closing: AbortController;
  /** Already running. */
  readonly first?: Session;
}

/** Keeps a session until disposed: one that ends, or does not get on, is replaced by a new one with new connections. */
export function supervise(o: SuperviseOptions): AsyncDisposable {
  const { signal } = o.closing;
  const where = { topic: o.topic, group: o.group };
  let session = o.first;

  async function run(): Promise<void> {
    for (let attempt = 0; !signal.aborted;) {
      try {
        session ??= await o.start();
        if (signal.aborted) break;
        attempt = 0;
        const reason = await watch(session, { ...o, signal });
        if (signal.aborted) break;
        o.logger.warn({ ...where, err: reason }, 'consumer ended; starting a new one');
        await session.stop();
        session = undefined;
      } catch (error) {
        if (signal.aborted) break;
        o.logger.warn({ ...where, err: error }, 'consumer could not be started');
      }
      await backOff(attempt++, signal).catch(() => undefined);
    }
    await session?.stop();
  }

  const done = run();
  return {
    [Symbol.asyncDispose]: async () => {
      o.closing.abort();
      await done;
    },
  };
}
