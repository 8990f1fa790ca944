export interface RetryPolicy {
  /** Failures of one call before the run fails. */
  readonly maxAttempts: number;
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
  const step = Math.min(policy.maxMs, policy.baseMs * 2 ** (failures - 1));
  return Math.round(Math.max((step / 2) * (1 + Math.random()), Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)));
}
