import type { ResolveCredentialRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import type { Encrypted } from './aead.ts';
import { headersOf } from './credential-owner.ts';
import { openDirectlySealed } from './directly-sealed.ts';
import { open } from './sealing.ts';

/**
 * Credential and data key in one statement, so both are of one moment: between two, a rotation could seal the
 * credential with the next data key and remove this one.
 */
const FIND = `
  select c.ciphertext, c.nonce, c.key_version as "sealedBy",
         k.version, k.key_version as "keyVersion", k.wrapped
  from skill_credentials c
  left join data_keys k on k.org_id = c.org_id and k.version = c.data_key_version
  where c.org_id = $1 and c.skill_id = $2`;

type Row = Encrypted &
  (
    | { readonly sealedBy: number }
    | { readonly sealedBy: null; readonly version: number; readonly keyVersion: number; readonly wrapped: Uint8Array }
  );

/** The plain headers; none when the tenant has no such skill or the skill no credential. */
export async function resolveCredential(
  context: Context,
  { orgId, skillId }: ResolveCredentialRequest,
): Promise<Record<string, string>> {
  const { rows } = await context.pool.query<Row>({ name: 'find-credential', text: FIND, values: [orgId, skillId] });
  const [row] = rows;
  if (row === undefined) return {};
  const owner = headersOf(orgId, skillId);
  const text =
    row.sealedBy === null
      ? open(await context.dataKeys.open({ orgId, ...row }), owner, row)
      : openDirectlySealed(context.keyRing, owner, { ...row, keyVersion: row.sealedBy });
  return JSON.parse(text) as Record<string, string>;
}
