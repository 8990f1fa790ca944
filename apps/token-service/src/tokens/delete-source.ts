import type { DeleteSourceRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { announce } from './announce.ts';

/** With its tokens and secrets. Deleting what is not there is no error. */
export async function deleteSource(context: Context, { orgId, sourceId }: DeleteSourceRequest): Promise<void> {
  const now = new Date(context.clock());
  const live = { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
  const tokens = await context.database.tenant(orgId).$transaction(async (tx) => {
    const ended = await tx.webhookToken.findMany({ where: { sourceId, ...live }, select: { id: true } });
    await tx.source.deleteMany({ where: { id: sourceId } });
    await tx.sealedSecret.deleteMany({ where: { ownerId: sourceId } });
    return ended;
  });
  announce(context, { orgId, sourceId });
  for (const { id } of tokens) announce(context, { orgId, sourceId, revokedTokenId: id });
}
