import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
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
  /** Of one that follows: where it is. Of others the group knows. */
  readonly positions?: ReadonlyMap<number, bigint>;
  readonly admin: AdminLink;
  readonly watchdog: WatchdogTimes;
  readonly signal: AbortSignal;
}

/** A partition with messages that nobody is working on. */
interface Waiting {
  readonly next: bigint;
  readonly sinceMs: number;
}

/**
 * Waits until the session ends, or until it has to be ended: KafkaJS's consumers sometimes stop consuming without a
 * word, with their heartbeats or without (https://github.com/tulios/kafkajs/issues/659,
 * https://github.com/tulios/kafkajs/issues/1720). Stalled is one that shows no sign of life, or one whose position
 * does not move although there are messages after it and no delivery is under way.
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
  const [ends, positions] = await o.admin.run(o.watchdog.intervalMs, (admin) =>
    Promise.all([admin.fetchTopicOffsets(o.topic), o.positions ?? storedOffsets(admin, o)]),
  );
  const waiting = new Map<number, Waiting>();
  for (const { partition, high, low } of ends) {
    const next = positions.get(partition) ?? BigInt(low);
    if (BigInt(high) <= next || !session.assigned.has(partition) || session.isBusy(partition)) continue;
    const earlier = before.get(partition);
    waiting.set(partition, earlier?.next === next ? earlier : { next, sinceMs: performance.now() });
  }
  return waiting;
}

/** None for a partition in which the group has stored nothing yet. */
async function storedOffsets(admin: Admin, { topic, group: groupId }: WatchdogOptions): Promise<Map<number, bigint>> {
  const [stored] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const known = (stored?.partitions ?? []).filter(({ offset }) => offset !== '-1');
  return new Map(known.map(({ partition, offset }) => [partition, BigInt(offset)]));
}
