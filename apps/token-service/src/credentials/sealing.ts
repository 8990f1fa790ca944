import { decrypt, encrypt, type Encrypted } from './aead.ts';
import type { DataKey } from './data-key-cache.ts';
import { unreadable } from './unreadable.ts';

/** What a secret belongs to. A ciphertext opens only where all of it is the same. */
export interface SecretOwner {
  readonly orgId: string;
  readonly skillId: string;
  readonly field: string;
}

/** Encrypts a secret under its tenant's data key. */
export function seal(dataKey: DataKey, owner: SecretOwner, plain: string): Encrypted {
  return encrypt(dataKey.key, Buffer.from(plain), associatedData(owner, dataKey.version));
}

/** @throws AppError `credential_unreadable` when anything about it was changed. */
export function open(dataKey: DataKey, owner: SecretOwner, sealed: Encrypted): string {
  return openWith(dataKey.key, owner, dataKey.version, sealed);
}

export function openWith(key: DataKey['key'], owner: SecretOwner, version: number, sealed: Encrypted): string {
  try {
    return decrypt(key, sealed, associatedData(owner, version)).toString();
  } catch (error) {
    throw unreadable('it does not belong to this skill, or was changed', error);
  }
}

// JSON, so that no two owners have the same bytes whatever their ids contain.
function associatedData({ orgId, skillId, field }: SecretOwner, keyVersion: number): string {
  return JSON.stringify([orgId, skillId, field, keyVersion]);
}
