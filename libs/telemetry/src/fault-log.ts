import type { Logger } from './logger.ts';

const INTERVAL_MS = 10_000;

/** Tells operators that something of ours fails. */
export type FaultLog = (error: unknown) => void;

/** Logs the first fault and then one line every ten seconds: an outage must not become a flood of log lines as well. */
export function createFaultLog(logger: Logger, clock: () => number, message: string): FaultLog {
  let loggedAtMs = -Infinity;
  let unlogged = 0;

  return (error) => {
    const nowMs = clock();
    if (nowMs - loggedAtMs < INTERVAL_MS) {
      unlogged++;
      return;
    }
    logger.warn({ err: error, faults: unlogged + 1 }, message);
    loggedAtMs = nowMs;
    unlogged = 0;
  };
}
