import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  Deduplication,
  SourceConfigurationSchema,
  WebhookSourceSchema,
  type WebhookSource,
} from '@agent-platform/proto';
import type { Resource } from '../crud/resource.ts';
import type {
  Deduplication as DeduplicationRow,
  WebhookSource as WebhookSourceRow,
} from '../generated/prisma/client.ts';
import { signatureMessage } from './signature.ts';

const DEDUPLICATION_MESSAGES: Record<DeduplicationRow, Deduplication> = {
  content: Deduplication.CONTENT,
  key: Deduplication.KEY,
};

export const webhookSources: Resource<WebhookSource, WebhookSourceRow> = {
  label: 'webhook source',
  field: 'webhook_source',
  idPrefix: 'src',
  schema: WebhookSourceSchema,
  find: (tenant, key) => tenant.webhookSource.findFirst({ where: key }),
  page: (tenant, page) => tenant.webhookSource.findMany(page),
  count: (tenant) => tenant.webhookSource.count(),
  toMessage(row) {
    const signature = signatureMessage(row);
    return create(WebhookSourceSchema, {
      id: row.id,
      name: row.name,
      description: row.description,
      deduplication: DEDUPLICATION_MESSAGES[row.deduplication],
      rateLimitPerSecond: row.rateLimitPerSecond,
      defaultEventType: row.defaultEventType,
      paused: row.paused,
      createdAt: timestampFromDate(row.createdAt),
      updatedAt: timestampFromDate(row.updatedAt),
      ...(signature && { signature }),
    });
  },
  toConfiguration: ({ id, name, paused }) => ({
    case: 'source',
    value: create(SourceConfigurationSchema, { id, name, paused }),
  }),
};

export function webhookSourceColumns(source: WebhookSource) {
  const { name, description, rateLimitPerSecond, defaultEventType, paused } = source;
  return {
    name,
    description,
    rateLimitPerSecond,
    defaultEventType,
    paused,
    deduplication: deduplicationRow(source.deduplication),
  };
}

function deduplicationRow(deduplication: Deduplication): DeduplicationRow {
  return deduplication === Deduplication.KEY ? 'key' : 'content';
}
