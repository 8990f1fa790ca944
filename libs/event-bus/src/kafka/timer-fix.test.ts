import { createRequire } from 'node:module';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fixRequestQueueTimer } from './timer-fix.ts';

interface Queue {
  maybeThrottle(ms: number): void;
  push(request: { entry: object; expectResponse: boolean; sendRequest: () => void }): void;
  fulfillRequest(response: { correlationId: number; payload: undefined; size: number }): void;
  destroy(): void;
}
type QueueClass = new (options: object) => Queue;

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as QueueClass;
let sent: number[];
let queue: Queue;

beforeEach(() => {
  vi.useFakeTimers();
  fixRequestQueueTimer();
  sent = [];
  const logger = { debug: () => undefined, warn: () => undefined };
  queue = new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 1_000, enforceRequestTimeout: true, logger });
});
afterEach(() => {
  queue.destroy();
  vi.useRealTimers();
});

function push(correlationId: number): void {
  const entry = { correlationId, resolve: () => undefined, reject: () => undefined };
  queue.push({ entry, expectResponse: true, sendRequest: () => sent.push(correlationId) });
}

const answer = (correlationId: number) => queue.fulfillRequest({ correlationId, payload: undefined, size: 0 });

it('sets no timer while no request waits', () => {
  push(1);
  answer(1);
  expect(sent).toEqual([1]);
  expect(vi.getTimerCount()).toBe(0);
});

it('sends what waits for an answer as soon as it comes', () => {
  push(1);
  push(2);
  expect(sent).toEqual([1]);
  answer(1);
  expect(sent).toEqual([1, 2]);
});

it('holds requests back while the broker throttles this client, and no longer', () => {
  queue.maybeThrottle(500);
  push(1);
  vi.advanceTimersByTime(499);
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(20);
  expect(sent).toEqual([1]);
});
