import type { ListTokensRequest, WebhookToken } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { sourceNotFound } from './source-not-found.ts';
import { tokenMessage } from './token-message.ts';

const DEFAULT_PAGE_SIZE = 100;

/** Newest first, dead ones included. A page token is the last id of the page before. */
export async function listTokens(
  context: Context,
  { orgId, sourceId, pageSize, pageToken }: ListTokensRequest,
): Promise<{ tokens: WebhookToken[]; nextPageToken: string }> {
  const size = pageSize || DEFAULT_PAGE_SIZE;
  const source = await context.database.tenant(orgId).source.findFirst({
    where: { id: sourceId },
    include: {
      tokens: {
        where: pageToken === '' ? {} : { id: { lt: pageToken } },
        orderBy: { id: 'desc' },
        // One more than asked for tells whether there is a next page.
        take: size + 1,
      },
    },
  });
  if (source === null) throw sourceNotFound(sourceId);
  const now = new Date(context.clock());
  const shown = source.tokens.slice(0, size);
  return {
    tokens: shown.map((row) => tokenMessage(row, now)),
    nextPageToken: source.tokens.length > size ? shown.at(-1)!.id : '',
  };
}
