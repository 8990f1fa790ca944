import type { ResolveCredentialRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { headersOf } from './credential-owner.ts';

/** The plain headers; none when the tenant has no such skill or the skill no credential. */
export async function resolveCredential(
  context: Context,
  { orgId, skillId }: ResolveCredentialRequest,
): Promise<Record<string, string>> {
  const row = await context.database.tenant(orgId).skillCredential.findFirst({ where: { skillId } });
  if (row === null) return {};
  return JSON.parse(context.sealer.open(headersOf(orgId, skillId), row)) as Record<string, string>;
}
