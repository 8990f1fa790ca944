import type { Context } from '../context.ts';
import type { Encrypted } from './aead.ts';
import { openDirectlySealed } from './directly-sealed.ts';
import { open, type SecretField, type SecretOwner } from './sealing.ts';

/**
 * Secrets and data keys in one statement, so all are of one moment: between two, a rotation could seal a secret with the
 * next data key and remove this one.
 */
const FIND = `
  select s.field, s.ciphertext, s.nonce, s.key_version as "sealedBy",
         k.version, k.key_version as "keyVersion", k.wrapped
  from sealed_secrets s
  left join data_keys k on k.org_id = s.org_id and k.version = s.data_key_version
  where s.org_id = $1 and s.owner_id = $2`;

type Row = Encrypted & { readonly field: SecretField } & (
    | { readonly sealedBy: number }
    | { readonly sealedBy: null; readonly version: number; readonly keyVersion: number; readonly wrapped: Uint8Array }
  );

/**
 * Every secret of an owner, in plain; none when the tenant has no such owner.
 *
 * @throws AppError `credential_unreadable`
 */
export async function openSecrets(
  context: Pick<Context, 'pool' | 'dataKeys' | 'keyRing'>,
  owner: SecretOwner,
): Promise<Partial<Record<SecretField, string>>> {
  const { orgId, ownerId } = owner;
  const { rows } = await context.pool.query<Row>({ name: 'find-secrets', text: FIND, values: [orgId, ownerId] });
  const plain: Partial<Record<SecretField, string>> = {};
  for (const row of rows) {
    const place = { orgId, ownerId, field: row.field };
    plain[row.field] =
      row.sealedBy === null
        ? open(await context.dataKeys.open({ orgId, ...row }), place, row)
        : openDirectlySealed(context.keyRing, place, { ...row, keyVersion: row.sealedBy });
  }
  return plain;
}
