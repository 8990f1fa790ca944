import { parseExact, type JsonObject } from '@agent-platform/service';
import type { ClaimedRun } from './run.ts';

/** What templates see: the event as the sender knows it. */
export function templateData({ event, plan }: Pick<ClaimedRun, 'event' | 'plan'>): JsonObject {
  return {
    event_id: event.id,
    event_type: event.type,
    webhook_source: plan.trigger.sourceName,
    payload: parseExact(event.payload),
    received_at: event.receivedAt.toISOString(),
    ...(event.occurredAt && { occurred_at: event.occurredAt.toISOString() }),
  };
}
