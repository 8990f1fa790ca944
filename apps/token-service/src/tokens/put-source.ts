import type { PutSourceRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { settleSecrets } from '../credentials/settle-secrets.ts';
import { announce } from './announce.ts';
import { deduplicationRow } from './deduplication.ts';
import { sourceNotFound } from './source-not-found.ts';

export async function putSource(context: Context, request: PutSourceRequest): Promise<void> {
  const { orgId, sourceId, rateLimitPerSecond, defaultEventType, revision } = request;
  const deduplication = deduplicationRow(request.deduplication);
  const tenant = context.database.tenant(orgId);
  // An id that another tenant has is a conflict that updates nothing, and so is what a newer change has overtaken.
  const written = await tenant.$executeRaw`
    insert into sources (org_id, id, deduplication, rate_limit_per_second, default_event_type, revision)
    values (${orgId}, ${sourceId}, ${deduplication}::deduplication, ${rateLimitPerSecond}, ${defaultEventType}, ${revision})
    on conflict (id) do update
      set deduplication = excluded.deduplication, rate_limit_per_second = excluded.rate_limit_per_second,
          default_event_type = excluded.default_event_type, revision = excluded.revision
      where sources.org_id = excluded.org_id and sources.revision <= excluded.revision`;
  if (written === 0 && (await tenant.source.count({ where: { id: sourceId } })) === 0) throw sourceNotFound(sourceId);
  const { signatureVersion: version, abandonedSignatureVersion: abandonedVersion } = request;
  await settleSecrets(context, { orgId, ownerId: sourceId }, { version, abandonedVersion });
  announce(context, { orgId, sourceId });
}
