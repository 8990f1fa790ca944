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
  /** Of the owner's secrets, counting upward. */
  readonly version: number;
  /** The one server that may be sent it. Null: no server is, or it is from before there were origins. */
  readonly origin: string | null;
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

// JSON, so that no two places have the same bytes whatever their ids contain. Without version and origin it is what
// secrets were sealed with before there were any.
function associatedData({ orgId, ownerId, field, version, origin }: SecretPlace, keyVersion: number): string {
  const bound = version === 0 && origin === null ? [] : [version, origin];
  return JSON.stringify([orgId, ownerId, field, keyVersion, ...bound]);
}
