import type { Pool } from '@agent-platform/database';
import type { BatchHandler, EventBus, Subscription } from '@agent-platform/event-bus';
import { topics } from '@agent-platform/proto';
import type { Logger } from '@agent-platform/service';
import type { ConfigurationCache } from '../configuration/configuration-cache.ts';
import { decodeEvent, type IncomingEvent } from '../events/incoming-event.ts';
import { storeEvents } from '../events/store-events.ts';
import type { DispatcherMetrics } from '../metrics.ts';

export interface WebhookEventsConsumer {
  readonly pool: Pool;
  readonly configurations: ConfigurationCache;
  readonly logger: Logger;
  readonly metrics: DispatcherMetrics;
  /** Called after runs were committed. */
  readonly wake: () => void;
}

/**
 * Stores events and starts runs. Runs themselves are never executed here: one slow run would stall a partition.
 * While the database or management-api is down batches are rejected as `unavailable`, and the bus keeps them.
 */
export function consumeWebhookEvents(
  bus: Pick<EventBus, 'subscribe'>,
  o: WebhookEventsConsumer,
): Promise<Subscription> {
  const handler: BatchHandler = (messages) => store(o, messages.map(decodeEvent));
  return bus.subscribe({ topic: topics.webhookEvents, group: 'dispatcher', handler });
}

async function store(o: WebhookEventsConsumer, batch: readonly IncomingEvent[]): Promise<void> {
  const orgIds = [...new Set(batch.map(({ orgId }) => orgId))];
  const configurations = await Promise.all(
    orgIds.map(async (orgId) => [orgId, await o.configurations.current(orgId)] as const),
  );
  const stored = await storeEvents(o.pool, batch, new Map(configurations));
  if (stored.runs > 0) o.wake();
  o.metrics.events.inc({ outcome: 'stored' }, stored.events);
  o.metrics.events.inc({ outcome: 'duplicate' }, stored.duplicates);
  for (const { id, receivedAt } of batch) {
    o.metrics.eventLag.observe((Date.now() - receivedAt.getTime()) / 1_000);
    o.logger.debug({ event_id: id }, 'event stored');
  }
}
