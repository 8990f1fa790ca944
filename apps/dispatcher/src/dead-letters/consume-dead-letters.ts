import type { Pool } from '@agent-platform/database';
import type { BatchHandler, EventBus, Subscription } from '@agent-platform/event-bus';
import { deadLetterTopic, topics } from '@agent-platform/proto';
import type { Logger } from '@agent-platform/telemetry';
import { storedLetter } from './stored-letter.ts';
import type { DispatcherMetrics } from '../metrics.ts';
import { insertDeadLetters } from '../store/dead-letters/insert-dead-letters.ts';

export interface DeadLettersConsumer {
  readonly pool: Pool;
  readonly logger: Logger;
  readonly metrics: Pick<DispatcherMetrics, 'deadLetters'>;
}

/** Stores what `consumeWebhookEvents` could not process, and says so once for each. A letter is never given up itself. */
export function consumeDeadLetters(
  bus: Pick<EventBus, 'subscribe'>,
  { pool, logger, metrics }: DeadLettersConsumer,
): Promise<Subscription> {
  const handler: BatchHandler = async (messages) => {
    // One of them once, of a batch that holds it twice.
    const letters = [...new Map(messages.map(storedLetter).map((letter) => [letter.id, letter])).values()];
    const isNew = await insertDeadLetters(pool, letters);
    for (const { id, orgId, eventId, topic, partition, offset, reason } of letters) {
      if (!isNew.has(id)) continue;
      metrics.deadLetters.inc({ reason: reason.code });
      const what = { dead_letter: id, org_id: orgId, event_id: eventId, topic, partition, offset: String(offset) };
      logger.error({ ...what, code: reason.code, reason: reason.message }, 'an event could not be processed');
    }
  };
  const topic = deadLetterTopic(topics.webhookEvents, 'dispatcher');
  return bus.subscribe({ topic, group: 'dispatcher-dead-letters', handler, maxFailures: Infinity });
}
