import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import { AppError } from '@agent-platform/service';
import type { VersionedKeys } from '../versioned-keys.ts';

/** What a secret belongs to. A ciphertext opens only where all of it is the same. */
export interface SecretOwner {
  readonly orgId: string;
  readonly skillId: string;
  readonly field: string;
}

export interface SealedSecret {
  /** With the authentication tag at the end. */
  readonly ciphertext: Uint8Array<ArrayBuffer>;
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly keyVersion: number;
}

/** Encryption of secrets at rest. */
export interface Sealer {
  seal(owner: SecretOwner, plaintext: string): SealedSecret;
  /** @throws AppError `credential_unreadable` when the key is missing or anything about the row was changed. */
  open(owner: SecretOwner, sealed: SealedSecret): string;
}

const CIPHER = 'aes-256-gcm';
/** NIST SP 800-38D §8.2: 96 bits; at random good for 2^32 secrets per key, far beyond any tenant's skills. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM under a key of the ring, with owner and key version as associated data. */
export function createSealer(ring: VersionedKeys): Sealer {
  return {
    seal(owner, plaintext) {
      const keyVersion = ring.currentVersion;
      const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
      const cipher = createCipheriv(CIPHER, ring.keys.get(keyVersion)!, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(associatedData(owner, keyVersion));
      const parts = [cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return { ciphertext: new Uint8Array(Buffer.concat(parts)), nonce, keyVersion };
    },
    open(owner, sealed) {
      const key = ring.keys.get(sealed.keyVersion);
      if (key === undefined) throw unreadable(`no key of version ${sealed.keyVersion} is configured`);
      try {
        return decrypt(owner, sealed, key);
      } catch (error) {
        throw unreadable('it does not belong to this skill, or was changed', error);
      }
    },
  };
}

function decrypt(owner: SecretOwner, sealed: SealedSecret, key: KeyObject): string {
  const end = sealed.ciphertext.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, sealed.nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(owner, sealed.keyVersion));
  decipher.setAuthTag(sealed.ciphertext.subarray(end));
  return decipher.update(sealed.ciphertext.subarray(0, end), undefined, 'utf8') + decipher.final('utf8');
}

// JSON, so that no two owners have the same bytes whatever their ids contain.
function associatedData(owner: SecretOwner, keyVersion: number): Buffer {
  return Buffer.from(JSON.stringify([owner.orgId, owner.skillId, owner.field, keyVersion]));
}

function unreadable(why: string, cause?: unknown): AppError {
  const message = `The stored credential of this skill cannot be decrypted: ${why}. Set the skill's mcp_headers again.`;
  return new AppError('internal', 'credential_unreadable', message, { cause });
}
