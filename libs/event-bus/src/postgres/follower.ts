import type { Pool } from '@agent-platform/database';
import type { Logger } from '@agent-platform/telemetry';
import { backOff } from '../backoff.ts';
import type { FollowOptions } from '../bus.ts';
import { followerHandler } from '../follower-handler.ts';
import { WakeUp } from '../wake-up.ts';
import { fetchBatch } from './fetch.ts';

/** Finds what no notification told of. */
const POLL_MS = 1_000;
const MAX_BATCH = 200;

const HEADS = 'select id, partition, next_offset from bus_partitions where topic = $1 order by partition';

export interface FollowerContext extends FollowOptions {
  readonly pool: Pool;
  readonly logger: Logger;
  /** Makes the topic if it is not there. */
  readonly ensureTopic: () => Promise<unknown>;
}

export interface PostgresFollower extends AsyncDisposable {
  readonly topic: string;
  /** Messages came in. */
  published(): void;
}

/** Reads on from the end of the log that it found at first, through any outage: the log keeps what came meanwhile. */
export function startFollower(context: FollowerContext): PostgresFollower {
  const { pool, topic, logger } = context;
  const closing = new AbortController();
  const { signal } = closing;
  const wakeUp = new WakeUp();
  const positions = new Map<number, bigint>();
  const handler = followerHandler(context, positions, logger);
  let partitions: { partitionId: number; partition: number }[] | undefined;

  const begin = async () => {
    await context.ensureTopic();
    const { rows } = await pool.query<{ id: number; partition: number; next_offset: string }>(HEADS, [topic.name]);
    for (const row of rows) positions.set(row.partition, BigInt(row.next_offset));
    context.onGap();
    return rows.map(({ id, partition }) => ({ partitionId: id, partition }));
  };

  const run = async (): Promise<void> => {
    for (let attempt = 0; !signal.aborted;) {
      try {
        partitions ??= await begin();
        let found = 0;
        for (const one of partitions) {
          const batch = await fetchBatch(pool, one, positions.get(one.partition)!, MAX_BATCH);
          if (batch.length > 0) await handler(batch, signal);
          found += batch.length;
        }
        attempt = 0;
        if (found === 0) await wakeUp.wait(signal, POLL_MS);
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ err: error, topic: topic.name }, 'topic cannot be followed');
        await backOff(attempt++, signal).catch(() => undefined);
      }
    }
  };
  const done = run();

  return {
    topic: topic.name,
    published: () => wakeUp.wake(),
    [Symbol.asyncDispose]: () => {
      closing.abort();
      return done;
    },
  };
}
