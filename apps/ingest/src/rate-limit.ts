import { AppError } from '@agent-platform/errors';
import { LRUCache } from 'lru-cache';

const MAX_SOURCES = 100_000;
/** How much of a source's unused rate it may use at once. */
const BURST_SECONDS = 2;

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/**
 * Takes one request out of the source's bucket.
 *
 * @throws AppError `rate_limited` when it is empty.
 */
export type RateLimit = (sourceId: string, ratePerSecond: number) => void;

/** A token bucket for each source, in this process only: behind n replicas a source has n times its rate. */
export function createRateLimit(clock: () => number): RateLimit {
  const buckets = new LRUCache<string, Bucket>({ max: MAX_SOURCES });

  return (sourceId, ratePerSecond) => {
    const nowMs = clock();
    const capacity = ratePerSecond * BURST_SECONDS;
    let bucket = buckets.get(sourceId);
    if (bucket === undefined) {
      bucket = { tokens: capacity, filledAtMs: nowMs };
      buckets.set(sourceId, bucket);
    }
    // The clock of a machine may be set back.
    const elapsedMs = Math.max(0, nowMs - bucket.filledAtMs);
    bucket.tokens = Math.min(capacity, bucket.tokens + (elapsedMs * ratePerSecond) / 1000);
    bucket.filledAtMs = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens--;
      return;
    }
    throw new AppError(
      'resource_exhausted',
      'rate_limited',
      `This source may send ${ratePerSecond} events per second. Send again after the time in Retry-After.`,
      { retryAfterSeconds: Math.ceil((1 - bucket.tokens) / ratePerSecond) },
    );
  };
}
