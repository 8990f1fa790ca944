import { SecurityAlertKind } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { raiseAlert } from './raise-alert.ts';

const HOUR_MS = 3_600_000;

export interface EndedToken {
  readonly id: string;
  readonly orgId: string;
  readonly sourceId: string;
  readonly rotated: boolean;
  readonly revokedAt: Date | null;
  readonly refusedAt: Date | null;
}

/**
 * Raises an alert when a token is used that somebody ended, at most once an hour over all replicas: one statement decides
 * whose it is. It revokes nothing: most of the time a sender was forgotten, and revoking what replaced the token would
 * turn that into an outage. Never waits and never fails.
 */
export function noteRefusedUse(context: Context, token: EndedToken, now: Date): void {
  if (token.revokedAt === null && !token.rotated) return;
  const anHourAgo = new Date(now.getTime() - HOUR_MS);
  if (token.refusedAt !== null && token.refusedAt > anHourAgo) return;
  const { id: tokenId, orgId, sourceId } = token;
  context.background.run('refused_use', async () => {
    const { count } = await context.database.tenant(orgId).webhookToken.updateMany({
      where: { id: tokenId, OR: [{ refusedAt: null }, { refusedAt: { lte: anHourAgo } }] },
      data: { refusedAt: now },
    });
    const kind = SecurityAlertKind.ENDED_TOKEN_USED;
    if (count === 1) raiseAlert(context, { kind, orgId, sourceId, tokenId });
  });
}
