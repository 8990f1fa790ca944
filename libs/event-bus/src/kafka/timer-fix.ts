// @ts-expect-error KafkaJS declares the types of its index only.
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

interface Queue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

/** How soon a queue that is full but not throttled is looked at again; KafkaJS's own figure. Milliseconds. */
const CHECK_MS = 10;

let done = false;

/**
 * KafkaJS 2.2.4 looks once a millisecond, on every connection and for as long as it lives, whether a queue that is
 * nearly always empty has requests to send: it sets a timer of minus 50 years, which Node 24 reports as
 * `TimeoutNegativeWarning` and runs after 1 ms. An empty queue needs no timer; who puts a request into it sets one.
 * https://github.com/tulios/kafkajs/issues/1751
 */
export function fixRequestQueueTimer(): void {
  if (done) return;
  done = true;
  const { prototype } = RequestQueue as { prototype: Queue };
  prototype.scheduleCheckPendingRequests = function (this: Queue): void {
    if (this.pending.length === 0 || this.throttleCheckTimeoutId) return;
    const throttledMs = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledMs > 0 ? throttledMs : CHECK_MS,
    );
  };
}
