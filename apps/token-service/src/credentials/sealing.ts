import { decrypt, encrypt, type Encrypted } from './aead.ts';
import type { DataKey } from './data-key-cache.ts';
import { unreadable } from './unreadable.ts';

/** A skill or a webhook source. */
export interface SecretOwner {
  readonly orgId: string;
  readonly ownerId: string;
}

/** Part of what a secret is bound to: it stays what it is once something is stored under it. */
export type SecretField = 'headers' | 'oauth_client' | 'signing_secrets';

/** What a secret belongs to. A ciphertext opens only where all of it is the same. */
export interface SecretPlace extends SecretOwner {
  readonly field: SecretField;
}

/** Encrypts a secret under its tenant's data key. */
export function seal(dataKey: DataKey, place: SecretPlace, plain: string): Encrypted {
  return encrypt(dataKey.key, Buffer.from(plain), associatedData(place, dataKey.version));
}

/** @throws AppError `credential_unreadable` when anything about it was changed. */
export function open(dataKey: DataKey, place: SecretPlace, sealed: Encrypted): string {
  return openWith(dataKey.key, place, dataKey.version, sealed);
}

export function openWith(key: DataKey['key'], place: SecretPlace, version: number, sealed: Encrypted): string {
  try {
    return decrypt(key, sealed, associatedData(place, version)).toString();
  } catch (error) {
    throw unreadable('it does not belong here, or was changed', error);
  }
}

// JSON, so that no two places have the same bytes whatever their ids contain.
function associatedData({ orgId, ownerId, field }: SecretPlace, keyVersion: number): string {
  return JSON.stringify([orgId, ownerId, field, keyVersion]);
}
