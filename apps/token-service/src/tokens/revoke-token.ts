import { AppError } from '@agent-platform/errors';
import type { RevokeTokenRequest, WebhookToken } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { announce } from './announce.ts';
import { tokenMessage } from './token-message.ts';

/** Revoking again changes nothing, the first time stays; every ingest is told again. */
export async function revokeToken(context: Context, request: RevokeTokenRequest): Promise<WebhookToken> {
  const { orgId, sourceId, tokenId } = request;
  const tokens = context.database.tenant(orgId).webhookToken;
  const now = new Date(context.clock());
  await tokens.updateMany({ where: { id: tokenId, sourceId, revokedAt: null }, data: { revokedAt: now } });
  const row = await tokens.findFirst({ where: { id: tokenId, sourceId } });
  if (row === null) {
    throw new AppError('not_found', 'webhook_token_not_found', `The webhook source has no token ${tokenId}.`);
  }
  announce(context, { orgId, sourceId, revokedTokenId: tokenId });
  return tokenMessage(row, now);
}
