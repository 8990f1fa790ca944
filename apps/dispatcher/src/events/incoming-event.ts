import { WebhookEventSchema } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { parseTraceparent } from '@agent-platform/telemetry';
import { fromBinary } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { postgresText } from '../store/postgres-text.ts';
import type { IncomingEvent } from '../store/rows/event.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws AppError `event_invalid` for what ingest never publishes; such a message goes to the dead-letter topic. */
export function decodeEvent(message: {
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}): IncomingEvent {
  try {
    const event = fromBinary(WebhookEventSchema, message.value);
    for (const field of ['eventId', 'orgId', 'sourceId', 'deliveryId', 'receivedAt'] as const) {
      if (!event[field]) throw new Error(`${field} is missing`);
    }
    return {
      id: event.eventId,
      orgId: event.orgId,
      sourceId: event.sourceId,
      eventType: event.eventType,
      payload: utf8.decode(event.payload),
      idempotencyKey: event.idempotencyKey ? postgresText(event.idempotencyKey) : null,
      contentHash: event.contentHash.length > 0 ? Buffer.from(event.contentHash) : null,
      deliveryId: event.deliveryId,
      occurredAt: event.occurredAt ? timestampDate(event.occurredAt) : null,
      receivedAt: timestampDate(event.receivedAt!),
      traceparent: parseTraceparent(message.headers['traceparent']) ?? null,
    };
  } catch (cause) {
    throw new AppError('invalid_argument', 'event_invalid', 'The message is not a webhook event.', { cause });
  }
}
