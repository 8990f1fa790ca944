import { WebhookEventSchema } from '@agent-platform/proto';
import { newId } from '@agent-platform/ids';
import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { ORG, SOURCE } from './configuration.ts';

export interface SentEvent {
  readonly id?: string;
  readonly orgId?: string;
  readonly sourceId?: string;
  readonly type?: string;
  readonly payload?: string;
  readonly deliveryId?: string;
  readonly idempotencyKey?: string;
  readonly contentHash?: Uint8Array;
  readonly receivedAt?: Date;
  readonly traceparent?: string;
}

export function webhookEvent(event: SentEvent = {}) {
  return create(WebhookEventSchema, {
    eventId: event.id ?? newId('evt'),
    orgId: event.orgId ?? ORG,
    sourceId: event.sourceId ?? SOURCE,
    eventType: event.type ?? 'invoice.uploaded',
    payload: Buffer.from(event.payload ?? '{"invoice_id":"inv-1"}'),
    deliveryId: event.deliveryId ?? newId('dlv'),
    idempotencyKey: event.idempotencyKey ?? '',
    contentHash: event.contentHash ?? new Uint8Array(),
    receivedAt: timestampFromDate(event.receivedAt ?? new Date()),
  });
}
