import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AppError } from '@agent-platform/errors';
import { generateVersionedKey, parseVersionedKeys } from '../versioned-keys.ts';
import { createDataKeyCache, type StoredDataKey } from './data-key-cache.ts';
import type { KeyEncryption } from './key-encryption.ts';
import { createKeyRing } from './key-ring.ts';

/** Key encryption that counts how often it is asked, and can be away. */
function setUp() {
  const ring = createKeyRing(parseVersionedKeys(generateVersionedKey())!);
  const asked = { times: 0, away: false };
  const counting: KeyEncryption = {
    ...ring,
    async unwrap(purpose, key) {
      asked.times += 1;
      if (asked.away) throw new AppError('unavailable', 'kms_unavailable', 'Try again.');
      return ring.unwrap(purpose, key);
    },
  };
  const stored = async (orgId: string): Promise<StoredDataKey> => {
    const purpose = { orgId, version: 1 };
    return { ...purpose, ...(await ring.wrap(purpose, randomBytes(32))) };
  };
  return { asked, stored, open: createDataKeyCache(counting, 2) };
}

describe('the cache of data keys', () => {
  it('asks once for many that wait, and not again', async () => {
    const { asked, stored, open } = setUp();
    const row = await stored('org_a');
    const opened = await Promise.all(Array.from({ length: 50 }, () => open(row)));
    expect(new Set(opened).size).toBe(1);
    expect(await open({ ...row })).toBe(opened[0]);
    expect(asked.times).toBe(1);
  });

  it('keeps no more than it may, and those used last', async () => {
    const { asked, stored, open } = setUp();
    const [a, b, c] = [await stored('org_a'), await stored('org_b'), await stored('org_c')];
    for (const row of [a, b, a, c]) await open(row);
    expect(asked.times).toBe(3);
    await open(a);
    expect(asked.times).toBe(3);
    await open(b);
    expect(asked.times).toBe(4);
  });

  it('does not answer for a row that was changed or moved to another tenant', async () => {
    const { stored, open } = setUp();
    const [a, b] = [await stored('org_a'), await stored('org_b')];
    await open(a);
    for (const changed of [
      { ...a, orgId: 'org_b' },
      { ...a, version: 2 },
      { ...a, wrapped: b.wrapped },
    ]) {
      await expect(open(changed)).rejects.toMatchObject({ code: 'credential_unreadable' });
    }
  });

  it('does not keep a failure', async () => {
    const { asked, stored, open } = setUp();
    const row = await stored('org_a');
    asked.away = true;
    await expect(open(row)).rejects.toMatchObject({ kind: 'unavailable' });
    asked.away = false;
    expect((await open(row)).orgId).toBe('org_a');
  });
});
