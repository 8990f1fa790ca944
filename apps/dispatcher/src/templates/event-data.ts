import { parseExact, type JsonObject } from '@agent-platform/json';
import type { EventOfRun } from '../store/rows/run.ts';

/** What templates see: the event as the sender knows it. */
export function eventData(event: EventOfRun, sourceName: string): JsonObject {
  return {
    event_id: event.id,
    event_type: event.type,
    webhook_source: sourceName,
    payload: parseExact(event.payload),
    received_at: event.receivedAt.toISOString(),
    ...(event.occurredAt && { occurred_at: event.occurredAt.toISOString() }),
  };
}
