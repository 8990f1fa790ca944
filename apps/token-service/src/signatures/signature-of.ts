import { fromJsonString } from '@bufbuild/protobuf';
import { SignatureSchema, type Signature } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { openSecrets } from '../credentials/open-secrets.ts';

/** How events of a source are signed, with the secrets; undefined when they need no signature. */
export async function signatureOf(
  context: Context,
  source: { readonly orgId: string; readonly id: string },
): Promise<Signature | undefined> {
  const { signing_secrets: text } = await openSecrets(context, { orgId: source.orgId, ownerId: source.id });
  return text === undefined ? undefined : fromJsonString(SignatureSchema, text);
}
