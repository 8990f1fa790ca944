import type { ServiceImpl } from '@connectrpc/connect';
import type { WebhookSignature, WebhookSource, WebhookSourceService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import { newId } from '@agent-platform/service';
import type { Context } from '../context.ts';
import { checkCommon } from '../crud/check.ts';
import { refuseWhileUsed } from '../crud/in-use.ts';
import { refuseOverLimit } from '../crud/limit.ts';
import { listPage } from '../crud/list.ts';
import { throwIfAny } from '../crud/problems.ts';
import { getByReference } from '../crud/reference.ts';
import { withUniqueName } from '../crud/unique-name.ts';
import { applyUpdate } from '../crud/update.ts';
import { ownCall } from '../own-call.ts';
import { checkSignature, signatureColumns } from '../webhook-sources/signature.ts';
import { webhookSourceColumns, webhookSources } from '../webhook-sources/webhook-source.ts';
import { webhookTokenRoutes } from './webhook-tokens.ts';

export function webhookSourceRoutes(context: Context): ServiceImpl<typeof WebhookSourceService> {
  const { database, tokens, limits, clock } = context;
  return {
    ...webhookTokenRoutes(context),

    async createWebhookSource(request, call) {
      const { orgId } = userOf(call);
      const wanted = request.webhookSource!;
      throwIfAny(check(wanted, wanted.signature));
      const webhookSource = await database.write(orgId, async (tx) => {
        await refuseOverLimit(webhookSources, tx, limits.webhookSources);
        const now = new Date(clock());
        const id = newId('src', now.getTime());
        const columns = { ...webhookSourceColumns(wanted), ...signatureColumns(wanted.signature) };
        const data = { ...columns, orgId, id, createdAt: now, updatedAt: now };
        const row = await withUniqueName(webhookSources, wanted.name, tx.webhookSource.create({ data }));
        // Last, because it cannot be rolled back: should the commit fail, a token nobody ever saw stays behind.
        await ownCall(tokens.putSource(settings(orgId, id, wanted)));
        if (wanted.signature) await ownCall(tokens.putSignature(signatureOf(orgId, id, wanted)));
        const { webhookToken } = await ownCall(tokens.issueToken({ orgId, sourceId: id }));
        return Object.assign(webhookSources.toMessage(row), { token: webhookToken!.token });
      });
      return { webhookSource };
    },

    async getWebhookSource(request, call) {
      const row = await getByReference(webhookSources, database.tenant(userOf(call).orgId), request.webhookSource);
      return { webhookSource: webhookSources.toMessage(row) };
    },

    async listWebhookSources(request, call) {
      const { messages, nextPageToken } = await listPage(webhookSources, database.tenant(userOf(call).orgId), request);
      return { webhookSources: messages, nextPageToken };
    },

    async updateWebhookSource(request, call) {
      const { orgId } = userOf(call);
      const patch = request.webhookSource!;
      const updated = await database.write(orgId, async (tx) => {
        const row = await getByReference(webhookSources, tx, patch.id);
        const { wanted, written } = applyUpdate(webhookSources, row, patch, request.updateMask);
        const isSignatureWritten = written.has('signature');
        throwIfAny(check(wanted, isSignatureWritten ? wanted.signature : undefined));
        const data = {
          ...webhookSourceColumns(wanted),
          ...(isSignatureWritten && signatureColumns(wanted.signature)),
          updatedAt: new Date(clock()),
        };
        const write = tx.webhookSource.updateMany({ where: { id: row.id }, data });
        await withUniqueName(webhookSources, wanted.name, write);
        await ownCall(tokens.putSource(settings(orgId, row.id, wanted)));
        if (isSignatureWritten) await ownCall(tokens.putSignature(signatureOf(orgId, row.id, wanted)));
        return getByReference(webhookSources, tx, row.id);
      });
      return { webhookSource: webhookSources.toMessage(updated) };
    },

    async deleteWebhookSource(request, call) {
      const { orgId } = userOf(call);
      await database.write(orgId, async (tx) => {
        const row = await getByReference(webhookSources, tx, request.webhookSource);
        const users = await tx.trigger.findMany({ where: { sourceId: row.id }, select: { name: true } });
        refuseWhileUsed(webhookSources, row, 'triggers', users);
        await tx.webhookSource.deleteMany({ where: { id: row.id } });
        await ownCall(tokens.deleteSource({ orgId, sourceId: row.id }));
      });
      return {};
    },
  };
}

function check(wanted: WebhookSource, newSignature: WebhookSignature | undefined) {
  return [...checkCommon(webhookSources, wanted, ['name']), ...(newSignature ? checkSignature(newSignature) : [])];
}

/** What verifying a token of the source answers. */
function settings(orgId: string, sourceId: string, { deduplication, rateLimitPerSecond }: WebhookSource) {
  return { orgId, sourceId, deduplication, rateLimitPerSecond };
}

/** What its events must be signed with; none when they need not be. */
function signatureOf(orgId: string, sourceId: string, { signature }: WebhookSource) {
  if (signature === undefined) return { orgId, sourceId };
  const { scheme, secrets } = signature;
  return { orgId, sourceId, signature: { scheme, secrets } };
}
