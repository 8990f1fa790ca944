import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';

/** Secret keys by version: new rows are written with the current one, rows of every version stay readable. */
export interface VersionedKeys {
  readonly currentVersion: number;
  readonly keys: ReadonlyMap<number, KeyObject>;
}

const KEY_BYTES = 32;
const ENTRY = /^([1-9][0-9]{0,8}):([A-Za-z0-9+/]{43}=)$/;

/** Completes "expected …" where a configuration is wrong. */
export const VERSIONED_KEYS_EXPECTED = `<version>:<${KEY_BYTES} random bytes in base64>, the current one first, older ones after commas; for example "1:" and the output of "openssl rand -base64 ${KEY_BYTES}"`;

/**
 * Reads `2:<base64>,1:<base64>`: the first entry is the current one, whatever its number. To change keys with no
 * interruption, first add the new one at the end, and move it to the front when every replica knows it.
 *
 * @returns undefined when the text is anything else.
 */
export function parseVersionedKeys(text: string): VersionedKeys | undefined {
  const keys = new Map<number, KeyObject>();
  for (const entry of text.split(',')) {
    const [, version, key] = ENTRY.exec(entry.trim()) ?? [];
    if (version === undefined || key === undefined || keys.has(Number(version))) return undefined;
    keys.set(Number(version), createSecretKey(key, 'base64'));
  }
  const [currentVersion] = keys.keys();
  return { currentVersion: currentVersion!, keys };
}

/** A first key, as text for `parseVersionedKeys`. For installations that make their own secrets. */
export function generateVersionedKey(): string {
  return `1:${randomBytes(KEY_BYTES).toString('base64')}`;
}
