import type { Logger } from '@agent-platform/telemetry';
import type { FollowOptions } from '../bus.ts';
import { followerHandler } from '../follower-handler.ts';
import type { AdminLink } from './admin.ts';
import type { CreateClient } from './client.ts';
import { startSession } from './session.ts';
import { supervise } from './supervise.ts';
import type { WatchdogTimes } from './watchdog.ts';

const ENDS_WITHIN_MS = 5_000;
const MAX_BATCH = 200;

export interface FollowerOptions extends FollowOptions {
  readonly logger: Logger;
  readonly createClient: CreateClient;
  readonly admin: AdminLink;
  readonly watchdog: WatchdogTimes;
}

/**
 * Reads on from the end of the topic that it found at first, through any outage: Kafka keeps what came meanwhile.
 *
 * KafkaJS reads only as a member of a group. So each session is alone in a group of its own, a new one every time so that
 * it never waits for the one before to be found dead; the position is kept here. Groups that stored nothing are removed
 * by the broker.
 */
export function startFollower(o: FollowerOptions): AsyncDisposable {
  const closing = new AbortController();
  const topic = o.topic.name;
  const positions = new Map<number, bigint>();
  const session = {
    ...o,
    topic,
    positions,
    partitions: o.topic.partitions,
    handler: followerHandler(o, positions, o.logger),
    maxBatch: MAX_BATCH,
    // The handler never fails.
    maxFailures: Infinity,
    heldUp: { report: () => undefined },
    deadLetter: () => Promise.resolve(),
  };

  const start = async () => {
    const ends = await o.admin.run(ENDS_WITHIN_MS, (admin) => admin.fetchTopicOffsets(topic));
    let isGap = false;
    for (const { partition, low, high } of ends) {
      const position = positions.get(partition);
      if (position !== undefined && position >= BigInt(low) && position <= BigInt(high)) continue;
      positions.set(partition, BigInt(high));
      isGap = true;
    }
    if (isGap) o.onGap();
    return startSession({ ...session, group: `${topic}.follower.${crypto.randomUUID()}` }, closing.signal);
  };
  return supervise({ ...session, group: `${topic}.follower`, start, closing });
}
