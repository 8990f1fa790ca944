import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { parseWebhookToken } from '@agent-platform/auth';
import { VerifyTokenResponseSchema, type VerifyTokenRequest, type VerifyTokenResponse } from '@agent-platform/proto';
import { AppError } from '@agent-platform/service';
import type { Context } from '../context.ts';
import { deduplicationMessage } from './deduplication.ts';
import { possibleHashes } from './token-hash.ts';
import { isLive } from './token-state.ts';

/** One answer for malformed, unknown, expired and revoked: a caller learns nothing about tokens it does not hold. */
export async function verifyToken(context: Context, request: VerifyTokenRequest): Promise<VerifyTokenResponse> {
  const token = parseWebhookToken(request.token);
  if (token === undefined) throw tokenNotFound();
  const row = await context.database.allTenants.webhookToken.findFirst({
    where: { hash: { in: possibleHashes(token, context.peppers) } },
    include: { source: true },
  });
  if (row === null || !isLive(row, new Date(context.clock()))) throw tokenNotFound();
  return create(VerifyTokenResponseSchema, {
    orgId: row.orgId,
    sourceId: row.sourceId,
    deduplication: deduplicationMessage(row.source.deduplication),
    rateLimitPerSecond: row.source.rateLimitPerSecond,
    ...(row.expiresAt && { expiresAt: timestampFromDate(row.expiresAt) }),
  });
}

function tokenNotFound(): AppError {
  return new AppError('not_found', 'webhook_token_not_found', 'The webhook token is unknown, expired or revoked.');
}
