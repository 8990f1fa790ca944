import type { DescMessage } from '@bufbuild/protobuf';
import { SecurityAlertSchema } from './generated/agentplatform/events/v1/security_alert_pb.ts';
import { WebhookSourceChangeSchema } from './generated/agentplatform/events/v1/webhook_source_change_pb.ts';
import { WebhookEventSchema } from './generated/agentplatform/events/v1/webhook_event_pb.ts';

/** A topic of the event bus: its name, what its values are and how it is laid out. */
export interface Topic<Schema extends DescMessage = DescMessage> {
  readonly name: string;
  readonly schema: Schema;
  readonly partitions: number;
  readonly retentionMs: number;
}

const DAY_MS = 86_400_000;

/** Every topic there is. Keys: the id whose order is kept. */
export const topics = {
  /** Accepted webhook events, keyed by source id. */
  webhookEvents: {
    name: 'agent-platform.webhook-events.v1',
    schema: WebhookEventSchema,
    partitions: 12,
    retentionMs: 30 * DAY_MS,
  },
  /** What every ingest has to forget, keyed by source id. Whoever was away asks anew anyway. */
  webhookSourceChanges: {
    name: 'agent-platform.webhook-source-changes.v1',
    schema: WebhookSourceChangeSchema,
    partitions: 1,
    retentionMs: DAY_MS / 24,
  },
  /** What a person should look at, keyed by tenant. */
  securityAlerts: {
    name: 'agent-platform.security-alerts.v1',
    schema: SecurityAlertSchema,
    partitions: 1,
    retentionMs: 30 * DAY_MS,
  },
} as const satisfies Record<string, Topic>;

/** Where messages go that a consumer group could not process, with the reason in their headers. */
export function deadLetterTopic(topic: Topic, group: string): Topic {
  return { ...topic, name: `${topic.name}.${group}.dead-letter` };
}
