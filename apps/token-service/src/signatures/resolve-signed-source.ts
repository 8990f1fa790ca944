import { create } from '@bufbuild/protobuf';
import {
  ResolveSignedSourceResponseSchema,
  type ResolveSignedSourceRequest,
  type ResolveSignedSourceResponse,
} from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { deduplicationMessage } from '../tokens/deduplication.ts';
import { sourceNotFound } from '../tokens/source-not-found.ts';
import { signatureOf } from './signature-of.ts';

/** One answer for a source that is not there and for one whose events are not signed. */
export async function resolveSignedSource(
  context: Context,
  { sourceId }: ResolveSignedSourceRequest,
): Promise<ResolveSignedSourceResponse> {
  const source = await context.database.allTenants.source.findUnique({ where: { id: sourceId } });
  const signature = source === null ? undefined : await signatureOf(context, source);
  if (source === null || signature === undefined) throw sourceNotFound(sourceId);
  return create(ResolveSignedSourceResponseSchema, {
    orgId: source.orgId,
    deduplication: deduplicationMessage(source.deduplication),
    rateLimitPerSecond: source.rateLimitPerSecond,
    defaultEventType: source.defaultEventType,
    signature,
  });
}
