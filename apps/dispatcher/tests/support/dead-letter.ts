import type { ReceivedMessage } from '@agent-platform/event-bus';
import { WebhookEventSchema } from '@agent-platform/proto';
import { toBinary } from '@bufbuild/protobuf';
import { webhookEvent, type SentEvent } from './events.ts';

/** What the bus makes of an event that could not be processed. */
export function deadLetter(
  o: { readonly event?: SentEvent; readonly value?: Uint8Array; readonly offset?: bigint; readonly at?: Date } = {},
): ReceivedMessage {
  const { offset = 7n, at = new Date() } = o;
  return {
    key: 'src',
    value: o.value ?? toBinary(WebhookEventSchema, webhookEvent(o.event)),
    partition: 0,
    offset,
    headers: {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'dead-letter-code': 'data_refused',
      'dead-letter-reason': 'PostgreSQL refuses what it holds (SQLSTATE 22P05).',
      'dead-letter-time': at.toISOString(),
      'dead-letter-topic': 'agent-platform.webhook-events.v1',
      'dead-letter-group': 'dispatcher',
      'dead-letter-partition': '3',
      'dead-letter-offset': String(offset),
      'dead-letter-key': 'src',
    },
  };
}
