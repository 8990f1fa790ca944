import type { PutSourceRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { announce } from './announce.ts';
import { deduplicationRow } from './deduplication.ts';
import { sourceNotFound } from './source-not-found.ts';

export async function putSource(context: Context, request: PutSourceRequest): Promise<void> {
  const { orgId, sourceId, rateLimitPerSecond } = request;
  const deduplication = deduplicationRow(request.deduplication);
  // An id that another tenant has is a conflict that updates nothing.
  const written = await context.database.tenant(orgId).$executeRaw`
    insert into sources (org_id, id, deduplication, rate_limit_per_second)
    values (${orgId}, ${sourceId}, ${deduplication}::deduplication, ${rateLimitPerSecond})
    on conflict (id) do update
      set deduplication = excluded.deduplication, rate_limit_per_second = excluded.rate_limit_per_second
      where sources.org_id = excluded.org_id`;
  if (written === 0) throw sourceNotFound(sourceId);
  announce(context, { orgId, sourceId });
}
