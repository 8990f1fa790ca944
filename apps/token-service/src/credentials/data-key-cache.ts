import { createSecretKey, type KeyObject } from 'node:crypto';
import type { DataKeyPurpose, KeyEncryption, WrappedKey } from './key-encryption.ts';

/** How many data keys are kept in memory. */
const MAX_KEYS = 1_000;

/** A data key as it stands in the database. */
export type StoredDataKey = DataKeyPurpose & WrappedKey;

/** A data key that can be used. */
export interface DataKey extends DataKeyPurpose {
  readonly key: KeyObject;
}

/**
 * Unwraps data keys and keeps those used last, so that a key management service is not asked for every secret.
 * Everything that is stored about a key is what it is found by: a row that was changed or re-wrapped is unwrapped anew,
 * and nothing ever has to be invalidated. Many waiters ask once.
 */
export function createDataKeyCache(
  keyEncryption: KeyEncryption,
  maxKeys = MAX_KEYS,
): (stored: StoredDataKey) => Promise<DataKey> {
  const kept = new Map<string, Promise<DataKey>>();

  async function unwrap({ orgId, version, keyVersion, wrapped }: StoredDataKey): Promise<DataKey> {
    const plain = await keyEncryption.unwrap({ orgId, version }, { keyVersion, wrapped });
    const key = createSecretKey(plain);
    plain.fill(0);
    return { orgId, version, key };
  }

  return (stored) => {
    const { orgId, version, keyVersion, wrapped } = stored;
    const id = JSON.stringify([orgId, version, keyVersion, Buffer.from(wrapped).toString('base64')]);
    const opened = kept.get(id) ?? unwrap(stored);
    // A map keeps the order in which entries were added: the first one was not used for the longest time.
    kept.delete(id);
    kept.set(id, opened);
    if (kept.size > maxKeys) kept.delete(kept.keys().next().value!);
    opened.catch(() => {
      if (kept.get(id) === opened) kept.delete(id);
    });
    return opened;
  };
}
