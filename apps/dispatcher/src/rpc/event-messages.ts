import { EventSchema, EventSummarySchema } from '@agent-platform/proto';
import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { Decision } from '../events/decision.ts';
import type { Event, EventDuplicate } from '../generated/prisma/client.ts';
import type { AroundEvent } from '../store/events/count-around-events.ts';

/** What is read of an event for a list. */
export type ListedEvent = Omit<
  Event,
  'orgId' | 'payload' | 'decisions' | 'configurationVersion' | 'contentHash' | 'deliveryId'
>;

export function eventSummary(event: ListedEvent) {
  return create(EventSummarySchema, fieldsOf(event));
}

function fieldsOf(event: ListedEvent) {
  return {
    id: event.id,
    eventType: event.eventType,
    webhookSourceId: event.sourceId,
    idempotencyKey: event.idempotencyKey ?? '',
    ...(event.occurredAt && { occurredAt: timestampFromDate(event.occurredAt) }),
    receivedAt: timestampFromDate(event.receivedAt),
    duplicateOf: event.duplicateOf ?? '',
  };
}

export function eventMessage(
  event: ListedEvent & Pick<Event, 'payload' | 'decisions'>,
  duplicates: EventDuplicate[],
  around: AroundEvent | undefined,
) {
  return create(EventSchema, {
    ...fieldsOf(event),
    ...around,
    payload: event.payload,
    duplicates: duplicates.map(({ deliveryId, receivedAt, contentDiffers }) => ({
      deliveryId,
      contentDiffers,
      receivedAt: timestampFromDate(receivedAt),
    })),
    decisions: (JSON.parse(event.decisions ?? '[]') as Decision[]).map(decisionMessage),
  });
}

export function decisionMessage({ trigger_id, trigger, matched, reason, run_id }: Decision) {
  return { triggerId: trigger_id, trigger, matched, reason, runId: run_id ?? '' };
}
