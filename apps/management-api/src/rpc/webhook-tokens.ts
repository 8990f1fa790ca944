import { durationFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import type { WebhookSourceService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import type { Context } from '../context.ts';
import { throwIfInvalid } from '../crud/problems.ts';
import { getByReference } from '../crud/reference.ts';
import { callInternal } from '../call-internal.ts';
import { webhookSources } from '../webhook-sources/webhook-source.ts';

const DEFAULT_OVERLAP_MS = 24 * 3_600_000;

const ENDED = {
  field: 'expires_at',
  description: 'must be in the future; leave it out for a token that does not end by itself',
};

type TokenMethods = 'rotateWebhookToken' | 'revokeWebhookToken' | 'listWebhookTokens';

/** The tokens of a source are with token-service; the source must be the caller's. */
export function webhookTokenRoutes({
  database,
  tokens,
  clock,
}: Context): Pick<ServiceImpl<typeof WebhookSourceService>, TokenMethods> {
  async function owned(reference: string, call: HandlerContext): Promise<{ orgId: string; sourceId: string }> {
    const { orgId } = userOf(call);
    const { id } = await getByReference(webhookSources, database.tenant(orgId), reference);
    return { orgId, sourceId: id };
  }

  return {
    async rotateWebhookToken({ webhookSource, overlap = durationFromMs(DEFAULT_OVERLAP_MS), expiresAt }, call) {
      if (expiresAt && timestampMs(expiresAt) <= clock()) throwIfInvalid([ENDED]);
      const source = await owned(webhookSource, call);
      const { webhookToken } = await callInternal(
        tokens.issueToken({ ...source, overlap, ...(expiresAt && { expiresAt }) }),
      );
      return { webhookToken: webhookToken! };
    },

    async revokeWebhookToken({ webhookSource, token }, call) {
      const source = await owned(webhookSource, call);
      const { webhookToken } = await callInternal(tokens.revokeToken({ ...source, tokenId: token }));
      return { webhookToken: webhookToken! };
    },

    async listWebhookTokens({ webhookSource, pageSize, pageToken }, call) {
      const source = await owned(webhookSource, call);
      const answer = await callInternal(tokens.listTokens({ ...source, pageSize, pageToken }));
      return { tokens: answer.tokens, nextPageToken: answer.nextPageToken };
    },
  };
}
