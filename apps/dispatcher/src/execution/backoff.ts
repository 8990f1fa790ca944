export interface RetryPolicy {
  /** Failures of one call before the run fails. Infinity: as many as there is time for. */
  readonly maxAttempts: number;
  /** From the first failure of a call: no attempt is begun later. */
  readonly totalMs: number;
  /** Before the second try; doubled with every further one. */
  readonly baseMs: number;
  readonly maxMs: number;
}

/** A server may ask for more patience than ours, but not for any amount. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * Exponential backoff with "equal jitter": at least half of the step, so that a server gets its pause, and a random
 * share of the other half, so that runs that failed together do not come back together.
 *
 * @param failures - so far, at least 1.
 * @param retryAfterMs - what the server asked for; the longer of the two counts.
 */
export function backoffMs(policy: RetryPolicy, failures: number, retryAfterMs = 0): number {
  // A skill may begin with more than the most of the default.
  const mostMs = Math.max(policy.maxMs, policy.baseMs);
  const step = Math.min(mostMs, policy.baseMs * 2 ** (failures - 1));
  return Math.round(Math.max((step / 2) * (1 + Math.random()), Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)));
}
