import type { ListTokensRequest, WebhookToken } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { sourceNotFound } from './source-not-found.ts';
import { tokenMessage } from './token-message.ts';

/** Newest first, dead ones included. */
export async function listTokens(context: Context, request: ListTokensRequest): Promise<WebhookToken[]> {
  const source = await context.database.tenant(request.orgId).source.findFirst({
    where: { id: request.sourceId },
    include: { tokens: { orderBy: { id: 'desc' } } },
  });
  if (source === null) throw sourceNotFound(request.sourceId);
  const now = new Date(context.clock());
  return source.tokens.map((row) => tokenMessage(row, now));
}
