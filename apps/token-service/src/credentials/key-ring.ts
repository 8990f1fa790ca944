import type { KeyObject } from 'node:crypto';
import type { VersionedKeys } from '../versioned-keys.ts';
import { decrypt, encrypt, NONCE_BYTES } from './aead.ts';
import type { DataKeyPurpose, KeyEncryption } from './key-encryption.ts';
import { unreadable } from './unreadable.ts';

/** Key-encryption keys in memory, from the configuration. AES-256-GCM; the nonce comes first. */
export function createKeyRing(ring: VersionedKeys): KeyEncryption {
  return {
    currentVersion: ring.currentVersion,
    async wrap(purpose, plain) {
      const keyVersion = ring.currentVersion;
      const { nonce, ciphertext } = encrypt(keyOf(ring, keyVersion), plain, associatedData(purpose, keyVersion));
      return { keyVersion, wrapped: Buffer.concat([nonce, ciphertext]) };
    },
    async unwrap(purpose, { keyVersion, wrapped }) {
      const key = keyOf(ring, keyVersion);
      const [nonce, ciphertext] = [wrapped.subarray(0, NONCE_BYTES), wrapped.subarray(NONCE_BYTES)];
      try {
        return decrypt(key, { nonce, ciphertext }, associatedData(purpose, keyVersion));
      } catch (error) {
        throw unreadable("its data key is another tenant's, or was changed", error);
      }
    },
  };
}

/** @throws AppError `credential_unreadable` */
export function keyOf(ring: VersionedKeys, version: number): KeyObject {
  const key = ring.keys.get(version);
  if (key === undefined) throw unreadable(`no key of version ${version} is configured in CREDENTIAL_KEYS`);
  return key;
}

// JSON, so that no two purposes have the same bytes whatever their ids contain. An object, because these keys also
// sealed credentials themselves once, with an array as associated data: neither opens as the other.
function associatedData({ orgId, version }: DataKeyPurpose, keyVersion: number): string {
  return JSON.stringify({ dataKeyOf: orgId, version, keyVersion });
}
