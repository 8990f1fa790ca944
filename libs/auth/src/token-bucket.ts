/** Lets something happen in a burst, and then at a steady rate. */
export interface TokenBucket {
  /** Takes one if there is one. */
  take(): boolean;
  /** Milliseconds until there is one again; 0 when there is. */
  waitMs(): number;
}

/** @param o - `capacity`: the burst; `refillMs`: milliseconds until one more may happen. */
export function createTokenBucket(o: { capacity: number; refillMs: number; nowMs: () => number }): TokenBucket {
  // The time at which the bucket is full again says all there is to know about it.
  let fullAtMs = -Infinity;
  const emptyMs = o.capacity * o.refillMs;
  const waitMs = () => Math.max(0, fullAtMs + o.refillMs - emptyMs - o.nowMs());
  return {
    waitMs,
    take() {
      if (waitMs() > 0) return false;
      fullAtMs = Math.max(fullAtMs, o.nowMs()) + o.refillMs;
      return true;
    },
  };
}
