import type { Message } from '@agent-platform/event-bus';
import { newId } from '@agent-platform/ids';
import type { SentEvent } from '../body/read-sent-event.ts';
import type { WebhookSource } from '../tokens/webhook-source.ts';
import { encodeEvent } from './encode-event.ts';
import type { EventIdentity } from './event-id.ts';

/**
 * An accepted event as it travels on the bus. The key is the source, so that order is kept per source; the headers
 * follow the Kafka protocol binding of CloudEvents in binary mode
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md).
 */
export function eventMessage(
  source: WebhookSource,
  sent: SentEvent,
  identity: EventIdentity,
  receivedAtMs: number,
  traceparent: string,
): Message {
  const value = encodeEvent({
    eventId: identity.eventId,
    orgId: source.orgId,
    sourceId: source.sourceId,
    eventType: sent.eventType,
    payload: sent.payload,
    occurredAt: sent.occurredAt?.instant,
    receivedAtMs,
    deliveryId: newId('dlv', receivedAtMs),
    idempotencyKey: sent.idempotencyKey ?? '',
    contentHash: identity.contentHash,
  });
  return {
    key: source.sourceId,
    value,
    headers: {
      'content-type': 'application/protobuf',
      ce_specversion: '1.0',
      ce_id: identity.eventId,
      ce_source: `/webhook-sources/${source.sourceId}`,
      ce_type: sent.eventType,
      ce_time: sent.occurredAt?.text ?? isoTime(receivedAtMs),
      traceparent,
    },
  };
}

let last = { ms: NaN, text: '' };

/** Under load many events come within one millisecond, and spelling it costs as much as encoding one of them. */
function isoTime(ms: number): string {
  if (ms !== last.ms) last = { ms, text: new Date(ms).toISOString() };
  return last.text;
}
