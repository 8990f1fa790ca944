import { durationMs, timestampDate } from '@bufbuild/protobuf/wkt';
import { generateWebhookToken, webhookTokenHint } from '@agent-platform/auth';
import { AppError } from '@agent-platform/errors';
import { newId } from '@agent-platform/ids';
import type { IssueTokenRequest, WebhookToken } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { announce } from './announce.ts';
import { hashToken } from './token-hash.ts';
import { tokenMessage } from './token-message.ts';
import { sourceNotFound } from './source-not-found.ts';

/** Of a source: some in use, and some that end after a rotation. */
export const MAX_LIVE_TOKENS = 10;

/**
 * Answers the only copy of the plain token there will ever be.
 *
 * @throws AppError `invalid_request` when it would have ended already, `too_many_tokens`.
 */
export async function issueToken(context: Context, request: IssueTokenRequest): Promise<WebhookToken> {
  const { orgId, sourceId, overlap } = request;
  const expiresAt = request.expiresAt ? timestampDate(request.expiresAt) : null;
  const token = generateWebhookToken();
  const issued = await context.database.tenant(orgId).$transaction(async (tx) => {
    // The lock makes rotations of one source take turns: each ends every token that was issued before it.
    const locked = await tx.$queryRaw<unknown[]>`
      select 1 from sources where org_id = ${orgId} and id = ${sourceId} for no key update`;
    if (locked.length === 0) throw sourceNotFound(sourceId);
    const now = new Date(context.clock());
    if (expiresAt !== null && expiresAt <= now) throw endsInThePast();
    const end = overlap === undefined ? undefined : new Date(now.getTime() + durationMs(overlap));
    // A token that ends earlier anyway keeps its end.
    const rotated =
      end === undefined
        ? []
        : await tx.$queryRaw<{ id: string }[]>`
            update webhook_tokens set rotated = true, expires_at = least(expires_at, ${end})
             where org_id = ${orgId} and source_id = ${sourceId} and revoked_at is null
               and (expires_at is null or expires_at > ${now})
            returning id`;
    const live = await tx.webhookToken.count({
      where: { sourceId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
    });
    if (live >= MAX_LIVE_TOKENS) throw tooManyTokens(sourceId);
    const row = await tx.webhookToken.create({
      data: {
        id: newId('tok', now.getTime()),
        orgId,
        sourceId,
        ...hashToken(token, context.peppers),
        hint: webhookTokenHint(token),
        createdAt: now,
        expiresAt,
      },
    });
    const ended = end !== undefined && end <= now ? rotated : [];
    return { message: Object.assign(tokenMessage(row, now), { token }), rotated, ended };
  });
  if (issued.rotated.length > 0) announce(context, { orgId, sourceId });
  for (const { id } of issued.ended) announce(context, { orgId, sourceId, revokedTokenId: id });
  return issued.message;
}

function tooManyTokens(sourceId: string): AppError {
  const message =
    `The webhook source ${sourceId} has ${MAX_LIVE_TOKENS} live tokens, which is the limit. ` +
    'Revoke one that nobody uses, or rotate with a shorter overlap; 0s ends all older tokens at once.';
  return new AppError('failed_precondition', 'too_many_tokens', message);
}

function endsInThePast(): AppError {
  const description = 'must be in the future; leave it out for a token that does not end by itself';
  return new AppError('invalid_argument', 'invalid_request', `expires_at: ${description}`, {
    fields: [{ field: 'expires_at', description }],
  });
}
