import { isPassing } from '@agent-platform/errors';
import { repeat } from '@agent-platform/runtime';
import type { Logger } from '@agent-platform/telemetry';
import { isDatabaseUnavailable } from './errors.ts';

const HOUR_MS = 3_600_000;
const SOON_MS = 60_000;

export interface PeriodicWork {
  /** For the log: "the rotation of keys". */
  readonly name: string;
  /** @returns whether there may be more to do soon. */
  readonly pass: (signal: AbortSignal) => Promise<boolean>;
  readonly logger: Logger;
}

/**
 * Works in the background, from now on and once an hour; again after a minute when a pass failed or has found something
 * to do. Disposing waits for what is under way.
 */
export function startPeriodic({ name, pass, logger }: PeriodicWork): AsyncDisposable {
  return repeat(async (signal) => {
    try {
      return (await pass(signal)) ? SOON_MS : HOUR_MS;
    } catch (err) {
      const level = isDatabaseUnavailable(err) || isPassing(err) ? 'warn' : 'error';
      if (!signal.aborted) logger[level]({ err }, `${name} was interrupted and goes on in a minute`);
      return SOON_MS;
    }
  });
}
