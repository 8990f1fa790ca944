import { durationMs } from '@bufbuild/protobuf/wkt';
import { generateWebhookToken, webhookTokenHint } from '@agent-platform/auth';
import { newId } from '@agent-platform/service';
import type { IssueTokenRequest, WebhookToken } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { hashToken } from './token-hash.ts';
import { tokenMessage } from './token-message.ts';
import { sourceNotFound } from './source-not-found.ts';

/** Answers the only copy of the plain token there will ever be. */
export async function issueToken(context: Context, request: IssueTokenRequest): Promise<WebhookToken> {
  const { orgId, sourceId, overlap } = request;
  const token = generateWebhookToken();
  return context.database.tenant(orgId).$transaction(async (tx) => {
    // The lock makes rotations of one source take turns: each ends every token that was issued before it.
    const locked = await tx.$queryRaw<unknown[]>`
      select 1 from sources where org_id = ${orgId} and id = ${sourceId} for no key update`;
    if (locked.length === 0) throw sourceNotFound(sourceId);
    const now = new Date(context.clock());
    if (overlap !== undefined) {
      const end = new Date(now.getTime() + durationMs(overlap));
      await tx.webhookToken.updateMany({
        // A token that ends earlier anyway keeps its end.
        where: { sourceId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: end } }] },
        data: { expiresAt: end },
      });
    }
    const row = await tx.webhookToken.create({
      data: {
        id: newId('tok', now.getTime()),
        orgId,
        sourceId,
        ...hashToken(token, context.peppers),
        hint: webhookTokenHint(token),
        createdAt: now,
      },
    });
    return Object.assign(tokenMessage(row, now), { token });
  });
}
