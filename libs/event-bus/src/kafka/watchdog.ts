import { setTimeout as sleep } from 'node:timers/promises';
import type { AdminLink } from './admin.ts';
import type { Session } from './session.ts';

export interface WatchdogTimes {
  readonly intervalMs: number;
  /** A session in which nothing moves for this long is stalled. */
  readonly stalledAfterMs: number;
}

export const WATCHDOG: WatchdogTimes = { intervalMs: 5_000, stalledAfterMs: 15_000 };

export interface WatchdogOptions {
  readonly topic: string;
  readonly group: string;
  readonly admin: AdminLink;
  readonly watchdog: WatchdogTimes;
  readonly signal: AbortSignal;
}

/** A partition with messages that nobody is working on. */
interface Waiting {
  readonly stored: string;
  readonly sinceMs: number;
}

/**
 * Waits until the session ends, or until it has to be ended: KafkaJS's consumers sometimes stop consuming without a
 * word, with their heartbeats or without (https://github.com/tulios/kafkajs/issues/659,
 * https://github.com/tulios/kafkajs/issues/1720). Stalled is one that shows no sign of life, or one whose stored
 * offset does not move although there are messages after it and no delivery is under way.
 *
 * Resolves with the reason, also when `signal` is aborted.
 */
export async function watch(session: Session, o: WatchdogOptions): Promise<unknown> {
  let over = false;
  const ended = session.ended.finally(() => (over = true));
  let waiting = new Map<number, Waiting>();
  for (;;) {
    const pause = new AbortController();
    const signal = AbortSignal.any([o.signal, pause.signal]);
    await Promise.race([ended, sleep(o.watchdog.intervalMs, undefined, { signal }).catch(() => undefined)]);
    pause.abort();
    if (o.signal.aborted) return o.signal.reason;
    if (over) return ended;
    const now = performance.now();
    if (now - session.aliveAtMs() > o.watchdog.stalledAfterMs) return new Error('the consumer shows no sign of life');
    // Who cannot ask knows nothing: a broker that is away ends the session by itself.
    waiting = await stillWaiting(session, waiting, o).catch(() => new Map<number, Waiting>());
    for (const [partition, { sinceMs }] of waiting) {
      if (now - sinceMs > o.watchdog.stalledAfterMs) return new Error(`partition ${partition} does not get on`);
    }
  }
}

async function stillWaiting(session: Session, before: ReadonlyMap<number, Waiting>, o: WatchdogOptions) {
  const { topic, group: groupId, watchdog } = o;
  const [ends, stored] = await o.admin.run(watchdog.intervalMs, (admin) =>
    Promise.all([admin.fetchTopicOffsets(topic), admin.fetchOffsets({ groupId, topics: [topic] })]),
  );
  const offsets = new Map(stored[0]?.partitions.map(({ partition, offset }) => [partition, offset]));
  const waiting = new Map<number, Waiting>();
  for (const { partition, high, low } of ends) {
    const offset = offsets.get(partition) ?? '-1';
    const hasMessages = BigInt(high) > (offset === '-1' ? BigInt(low) : BigInt(offset));
    if (!hasMessages || !session.assigned.has(partition) || session.isBusy(partition)) continue;
    const earlier = before.get(partition);
    waiting.set(partition, earlier?.stored === offset ? earlier : { stored: offset, sinceMs: performance.now() });
  }
  return waiting;
}
