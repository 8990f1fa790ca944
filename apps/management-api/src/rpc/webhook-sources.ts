import type { ServiceImpl } from '@connectrpc/connect';
import type { WebhookSignature, WebhookSource, WebhookSourceService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/errors';
import { newId } from '@agent-platform/ids';
import type { Context } from '../context.ts';
import { checkCommon } from '../crud/check.ts';
import { refuseWhileUsed } from '../crud/in-use.ts';
import { refuseOverLimit } from '../crud/limit.ts';
import { listPage } from '../crud/list.ts';
import { throwIfInvalid } from '../crud/problems.ts';
import { getByReference } from '../crud/reference.ts';
import { withUniqueName } from '../crud/unique-name.ts';
import { applyUpdate } from '../crud/update.ts';
import type { WebhookSource as WebhookSourceRow } from '../generated/prisma/client.ts';
import { callInternal } from '../call-internal.ts';
import { checkSignature, signatureColumns } from '../webhook-sources/signature.ts';
import { webhookSourceColumns, webhookSources } from '../webhook-sources/webhook-source.ts';
import { webhookTokenRoutes } from './webhook-tokens.ts';

export function webhookSourceRoutes(context: Context): ServiceImpl<typeof WebhookSourceService> {
  const { database, handovers, tokens, limits, defaultRateLimitPerSecond, clock } = context;

  /** With the limit in force. */
  function answered(source: WebhookSource): WebhookSource {
    source.rateLimitPerSecond ||= defaultRateLimitPerSecond;
    return source;
  }

  async function putSignature(
    { orgId, id, version }: { orgId: string; id: string; version: number },
    signature: WebhookSignature | undefined,
  ): Promise<void> {
    const given = signature && { scheme: signature.scheme, secrets: signature.secrets };
    await callInternal(tokens.putSignature({ orgId, sourceId: id, version, ...(given && { signature: given }) }));
  }

  return {
    ...webhookTokenRoutes(context),

    async createWebhookSource(request, call) {
      const { orgId } = userOf(call);
      const wanted = request.webhookSource!;
      throwIfInvalid(check(wanted, wanted.signature));
      const now = new Date(clock());
      const id = newId('src', now.getTime());
      let token: string | undefined;
      const { result } = await handovers.change({
        orgId,
        ownerId: id,
        // Should the source not be written, all of it is removed again, and nobody has seen the token.
        async put(version) {
          const { deduplication, rateLimitPerSecond, defaultEventType } = wanted;
          const settings = { deduplication, rateLimitPerSecond, defaultEventType };
          await callInternal(tokens.putSource({ orgId, sourceId: id, ...settings }));
          if (wanted.signature) await putSignature({ orgId, id, version }, wanted.signature);
          token = (await callInternal(tokens.issueToken({ orgId, sourceId: id }))).webhookToken!.token;
        },
        async write(tx, { version, revision }) {
          await refuseOverLimit(webhookSources, tx, limits.webhookSources);
          const columns = { ...webhookSourceColumns(wanted), ...signatureColumns(wanted.signature) };
          const versions = { signatureVersion: version, revision: revision.version };
          const data = { ...columns, ...versions, orgId, id, createdAt: now, updatedAt: now };
          const create = tx.webhookSource.create({ data });
          return revision.saved(webhookSources, await withUniqueName(webhookSources, wanted.name, create));
        },
      });
      const source = answered(webhookSources.toMessage(result));
      return { webhookSource: Object.assign(source, token !== undefined && { token }) };
    },

    async getWebhookSource(request, call) {
      const row = await getByReference(webhookSources, database.tenant(userOf(call).orgId), request.webhookSource);
      return { webhookSource: answered(webhookSources.toMessage(row)) };
    },

    async listWebhookSources(request, call) {
      const { messages, nextPageToken } = await listPage(webhookSources, database.tenant(userOf(call).orgId), request);
      return { webhookSources: messages.map(answered), nextPageToken };
    },

    async updateWebhookSource(request, call) {
      const { orgId } = userOf(call);
      const patch = request.webhookSource!;
      const checked = (row: WebhookSourceRow) => {
        const { wanted, written } = applyUpdate(webhookSources, row, patch, request.updateMask);
        // Written back as it was answered: still none of its own.
        const isDefault = row.rateLimitPerSecond === 0 && wanted.rateLimitPerSecond === defaultRateLimitPerSecond;
        if (isDefault) wanted.rateLimitPerSecond = 0;
        const isSignatureWritten = written.has('signature');
        throwIfInvalid(check(wanted, isSignatureWritten ? wanted.signature : undefined));
        return { wanted, isSignatureWritten };
      };
      const current = await getByReference(webhookSources, database.tenant(orgId), patch.id);
      const { id } = current;
      const { wanted, isSignatureWritten } = checked(current);
      const { signature } = wanted;
      const { result, inForce } = await handovers.change({
        orgId,
        ownerId: id,
        ...(isSignatureWritten && { put: (version) => putSignature({ orgId, id, version }, signature) }),
        async write(tx, { version, revision }) {
          const row = await getByReference(webhookSources, tx, id);
          // Versions count upward: the one of a change that began earlier would never come into force.
          if (isSignatureWritten && row.signatureVersion > version) throw changedMeanwhile(row.name);
          const data = {
            ...webhookSourceColumns(checked(row).wanted),
            ...(isSignatureWritten && { ...signatureColumns(signature), signatureVersion: version }),
            revision: revision.version,
            updatedAt: new Date(clock()),
          };
          const update = tx.webhookSource.updateMany({ where: { id }, data });
          await withUniqueName(webhookSources, data.name, update);
          return revision.saved(webhookSources, await getByReference(webhookSources, tx, id));
        },
      });
      if (!inForce) throw notInForceYet(result.name);
      return { webhookSource: answered(webhookSources.toMessage(result)) };
    },

    async deleteWebhookSource(request, call) {
      const { orgId } = userOf(call);
      const { id } = await getByReference(webhookSources, database.tenant(orgId), request.webhookSource);
      const { inForce } = await handovers.change({
        orgId,
        ownerId: id,
        async write(tx, { revision }) {
          const row = await getByReference(webhookSources, tx, id);
          const users = await tx.trigger.findMany({ where: { sourceId: id }, select: { name: true } });
          refuseWhileUsed(webhookSources, row, 'triggers', users);
          await tx.webhookSource.deleteMany({ where: { id } });
          await revision.deleted(id);
        },
      });
      if (!inForce) throw notInForceYet(request.webhookSource);
      return {};
    },
  };
}

function check(wanted: WebhookSource, newSignature: WebhookSignature | undefined) {
  return [...checkCommon(webhookSources, wanted, ['name']), ...(newSignature ? checkSignature(newSignature) : [])];
}

function changedMeanwhile(name: string): AppError {
  const message = `Somebody else has just changed the signature of the webhook source "${name}"; read it and try again.`;
  return new AppError('failed_precondition', 'webhook_source_changed', message);
}

/** Not told as done: tokens and signatures are checked as before for as long as token-service is away. */
function notInForceYet(source: string): AppError {
  const message = `The change of the webhook source "${source}" is saved, and in force once token-service can be reached again.`;
  return new AppError('unavailable', 'not_in_force_yet', message, { retryAfterSeconds: 5 });
}
