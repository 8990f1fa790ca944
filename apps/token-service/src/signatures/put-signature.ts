import { toJsonString } from '@bufbuild/protobuf';
import { SignatureSchema, type PutSignatureRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { putSecret } from '../credentials/put-secret.ts';
import { announce } from '../tokens/announce.ts';
import { sourceNotFound } from '../tokens/source-not-found.ts';

/** The scheme is sealed with its secrets: one without the other would check nothing. */
export async function putSignature(
  context: Context,
  { orgId, sourceId, signature, version }: PutSignatureRequest,
): Promise<void> {
  const source = await context.database.tenant(orgId).source.findFirst({ where: { id: sourceId } });
  if (source === null) throw sourceNotFound(sourceId);
  const plain = signature === undefined ? undefined : toJsonString(SignatureSchema, signature);
  await putSecret(context, { orgId, ownerId: sourceId, field: 'signing_secrets', version, origin: null }, plain);
  if (version === 0) announce(context, { orgId, sourceId });
}
