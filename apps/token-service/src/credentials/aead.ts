import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';

export interface Encrypted {
  /** With the authentication tag at the end. */
  readonly ciphertext: Uint8Array;
  readonly nonce: Uint8Array;
}

const CIPHER = 'aes-256-gcm';
/** NIST SP 800-38D §8.2: 96 bits; at random good for 2^32 encryptions per key. */
export const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM with a random nonce. `associatedData` is not encrypted; it must be the same to decrypt. */
export function encrypt(key: KeyObject, plain: Uint8Array, associatedData: string): Encrypted {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(associatedData));
  return { ciphertext: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]), nonce };
}

/** @throws Error when the key or anything else is not what it was encrypted with. */
export function decrypt(key: KeyObject, { ciphertext, nonce }: Encrypted, associatedData: string): Buffer {
  const end = ciphertext.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(associatedData));
  decipher.setAuthTag(ciphertext.subarray(end));
  return Buffer.concat([decipher.update(ciphertext.subarray(0, end)), decipher.final()]);
}
