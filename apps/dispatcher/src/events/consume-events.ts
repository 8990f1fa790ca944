import type { Pool } from '@agent-platform/database';
import type { BatchHandler, EventBus, Subscription } from '@agent-platform/event-bus';
import { topics } from '@agent-platform/proto';
import type { Logger } from '@agent-platform/telemetry';
import pLimit from 'p-limit';
import type { Configuration } from '../configuration/configuration.ts';
import type { ConfigurationCache } from '../configuration/configuration-cache.ts';
import { decodeEvent } from './incoming-event.ts';
import { storeEvents } from './store-events.ts';
import type { DispatcherMetrics } from '../metrics.ts';
import type { IncomingEvent } from '../store/rows/event.ts';

export interface WebhookEventsConsumer {
  readonly pool: Pool;
  readonly configurations: ConfigurationCache;
  readonly logger: Logger;
  readonly metrics: DispatcherMetrics;
  /** Called after runs were committed. */
  readonly wake: () => void;
}

/** A transaction starts about as many runs at most: it ends soon, and leaves room for everybody else's. */
const MAX_RUNS = 500;
/** Transactions at a time, whatever number of partitions brings events. */
const MAX_TRANSACTIONS = 2;

/**
 * Stores events and starts runs. Runs themselves are never executed here: one slow run would stall a partition.
 * While the database is down batches are rejected as `unavailable`, and the bus keeps them. A tenant whose configuration
 * cannot be read holds up nobody: its events are stored, and decided on later.
 */
export function webhookEventsHandler(o: WebhookEventsConsumer): BatchHandler {
  const limit = pLimit(MAX_TRANSACTIONS);
  return async (messages) => {
    const batch = messages.map(decodeEvent);
    const configurations = await configurationsOf(o, batch);
    for (const part of parts(batch, configurations)) await limit(() => store(o, part, configurations));
  };
}

export function consumeWebhookEvents(bus: Pick<EventBus, 'subscribe'>, handler: BatchHandler): Promise<Subscription> {
  return bus.subscribe({ topic: topics.webhookEvents, group: 'dispatcher', handler });
}

type Configurations = ReadonlyMap<string, Configuration>;

/** Without those that cannot be read. */
async function configurationsOf(o: WebhookEventsConsumer, batch: readonly IncomingEvent[]): Promise<Configurations> {
  const orgIds = [...new Set(batch.map(({ orgId }) => orgId))];
  const configurations = await Promise.all(
    orgIds.map(async (orgId) => {
      const configuration = await o.configurations.current(orgId).catch((error: unknown) => {
        o.logger.error(
          { err: error, org_id: orgId },
          'the configuration cannot be read; its events are decided on later',
        );
      });
      return configuration ? ([[orgId, configuration]] as const) : [];
    }),
  );
  return new Map(configurations.flat());
}

/** A batch in parts that start not much more than MAX_RUNS runs each, in its order. */
function* parts(batch: readonly IncomingEvent[], configurations: Configurations): Generator<IncomingEvent[]> {
  let part: IncomingEvent[] = [];
  let runs = 0;
  for (const event of batch) {
    part.push(event);
    runs += configurations.get(event.orgId)?.listenersTo(event).length ?? 0;
    if (runs < MAX_RUNS) continue;
    yield part;
    part = [];
    runs = 0;
  }
  if (part.length > 0) yield part;
}

async function store(o: WebhookEventsConsumer, batch: readonly IncomingEvent[], configurations: Configurations) {
  const stored = await storeEvents(o.pool, batch, configurations);
  if (stored.runs > 0) o.wake();
  o.metrics.events.inc({ outcome: 'stored' }, stored.events - stored.undecided);
  o.metrics.events.inc({ outcome: 'duplicate' }, stored.duplicates);
  o.metrics.events.inc({ outcome: 'undecided' }, stored.undecided);
  o.metrics.differingDuplicates.inc({}, stored.differing);
  for (const { id, receivedAt } of batch) {
    o.metrics.eventLag.observe((Date.now() - receivedAt.getTime()) / 1_000);
    o.logger.debug({ event_id: id }, 'event stored');
  }
}
