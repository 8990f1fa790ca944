import type { Logger } from '@agent-platform/telemetry';
import type { BatchHandler, FollowOptions } from './bus.ts';

/**
 * Hands messages to a follower, and keeps its positions: the next offset by partition. A message that the follower
 * cannot read must not keep the next ones from it.
 */
export function followerHandler(o: FollowOptions, positions: Map<number, bigint>, logger: Logger): BatchHandler {
  return async (batch) => {
    const { partition, offset: first } = batch[0]!;
    if (first > positions.get(partition)!) o.onGap();
    for (const message of batch) {
      const { offset } = message;
      positions.set(partition, offset + 1n);
      try {
        o.onMessage(message);
      } catch (error) {
        logger.error({ err: error, topic: o.topic.name, partition, offset }, 'message passed over');
        o.onGap();
      }
    }
  };
}
