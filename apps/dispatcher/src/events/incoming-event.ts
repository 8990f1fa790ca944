import { WebhookEventSchema } from '@agent-platform/proto';
import { AppError, parseTraceparent } from '@agent-platform/service';
import { fromBinary } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { postgresText } from '../postgres-text.ts';

/** An accepted request as it comes from the bus. */
export interface IncomingEvent {
  readonly id: string;
  readonly orgId: string;
  readonly sourceId: string;
  readonly eventType: string;
  /** JSON, byte for byte as it was sent. */
  readonly payload: string;
  readonly idempotencyKey: string | null;
  readonly contentHash: Buffer | null;
  /** Tells a repeated request from a redelivered message. */
  readonly deliveryId: string;
  readonly occurredAt: Date | null;
  readonly receivedAt: Date;
  readonly traceparent: string | null;
}

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
