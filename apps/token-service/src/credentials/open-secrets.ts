import type { Context } from '../context.ts';
import type { Encrypted } from './aead.ts';
import { openDirectlySealed } from './directly-sealed.ts';
import { open, type SecretField, type SecretOwner } from './sealing.ts';

/**
 * Secrets and data keys in one statement, so all are of one moment: between two, a rotation could seal a secret with the
 * next data key and remove this one. A version that is named is in force, whether that was said before or not.
 */
const FIND = `
  select s.field, s.version as "secretVersion", s.origin, s.ciphertext, s.nonce, s.key_version as "sealedBy",
         k.version, k.key_version as "keyVersion", k.wrapped
  from sealed_secrets s
  left join data_keys k on k.org_id = s.org_id and k.version = s.data_key_version
  where s.org_id = $1 and s.owner_id = $2 and s.version >= $3 and (s.in_force or s.version = $3)`;

export type StoredSecret = Encrypted & {
  readonly field: SecretField;
  readonly secretVersion: number;
  readonly origin: string | null;
} & (
    | { readonly sealedBy: number }
    | { readonly sealedBy: null; readonly version: number; readonly keyVersion: number; readonly wrapped: Uint8Array }
  );

type Opener = Pick<Context, 'pool' | 'dataKeys' | 'keyRing'>;
type Secrets = Partial<Record<SecretField, string>>;

/** The newest version in force of an owner's secrets, still sealed. @param named - a version that the owner has or had. */
export async function findSecrets({ pool }: Opener, owner: SecretOwner, named = 0): Promise<StoredSecret[]> {
  const values = [owner.orgId, owner.ownerId, named];
  const { rows } = await pool.query<StoredSecret>({ name: 'find-secrets', text: FIND, values });
  const newest = Math.max(...rows.map(({ secretVersion }) => secretVersion));
  return rows.filter(({ secretVersion }) => secretVersion === newest);
}

/** @throws AppError `credential_unreadable` */
export async function openAll(
  context: Opener,
  { orgId, ownerId }: SecretOwner,
  stored: readonly StoredSecret[],
): Promise<Secrets> {
  const plain: Secrets = {};
  for (const row of stored) {
    const { field, origin, secretVersion: version } = row;
    const place = { orgId, ownerId, field, version, origin };
    plain[field] =
      row.sealedBy === null
        ? open(await context.dataKeys.open({ orgId, ...row }), place, row)
        : openDirectlySealed(context.keyRing, place, { ...row, keyVersion: row.sealedBy });
  }
  return plain;
}

/**
 * Every secret of an owner that is in force, in plain; none when the tenant has no such owner.
 *
 * @throws AppError `credential_unreadable`
 */
export async function openSecrets(context: Opener, owner: SecretOwner): Promise<Secrets> {
  return openAll(context, owner, await findSecrets(context, owner));
}
