import { createHmac, type KeyObject } from 'node:crypto';
import type { VersionedKeys } from '../versioned-keys.ts';

export interface TokenHash {
  readonly hash: Uint8Array<ArrayBuffer>;
  readonly pepperVersion: number;
}

/** The hash a new token is stored under. */
export function hashToken(token: string, peppers: VersionedKeys): TokenHash {
  const pepper = peppers.keys.get(peppers.currentVersion)!;
  return { hash: hmac(token, pepper), pepperVersion: peppers.currentVersion };
}

/** Every hash a token may be stored under: one for each pepper in use. */
export function possibleHashes(token: string, peppers: VersionedKeys): Uint8Array<ArrayBuffer>[] {
  return [...peppers.keys.values()].map((pepper) => hmac(token, pepper));
}

// A token has 178 bits of entropy, so one fast keyed hash is enough; a slow one would only let anyone burn our CPU.
function hmac(token: string, pepper: KeyObject): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHmac('sha256', pepper).update(token).digest());
}
