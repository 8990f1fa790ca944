import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { parseWebhookToken } from '@agent-platform/auth';
import { VerifyTokenResponseSchema, type VerifyTokenRequest, type VerifyTokenResponse } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import type { Context } from '../context.ts';
import { signatureOf } from '../signatures/signature-of.ts';
import { deduplicationMessage } from './deduplication.ts';
import { noteRefusedUse } from './note-refused-use.ts';
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
  if (row === null) throw tokenNotFound();
  const now = new Date(context.clock());
  if (!isLive(row, now)) {
    noteRefusedUse(context, row, now);
    throw tokenNotFound();
  }
  const signature = await signatureOf(context, row.source);
  return create(VerifyTokenResponseSchema, {
    orgId: row.orgId,
    sourceId: row.sourceId,
    tokenId: row.id,
    deduplication: deduplicationMessage(row.source.deduplication),
    rateLimitPerSecond: row.source.rateLimitPerSecond,
    ...(row.expiresAt && { expiresAt: timestampFromDate(row.expiresAt) }),
    ...(signature && { signature }),
  });
}

function tokenNotFound(): AppError {
  return new AppError('not_found', 'webhook_token_not_found', 'The webhook token is unknown, expired or revoked.');
}
