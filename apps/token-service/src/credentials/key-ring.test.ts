import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateVersionedKey, parseVersionedKeys } from '../versioned-keys.ts';
import { createKeyRing } from './key-ring.ts';

const first = generateVersionedKey();
const second = generateVersionedKey().replace('1:', '2:');
const ring = (keys: string) => createKeyRing(parseVersionedKeys(keys)!);
const purpose = { orgId: 'org_a', version: 1 };
const unreadable = { code: 'credential_unreadable' };

describe('wrapped data keys', () => {
  it('open for their tenant, version and key-encryption key, and in no other combination', async () => {
    const rings = [ring(`${first},${second}`), ring(`${second},${first}`)];
    const purposes = ['org_a', 'org_b'].flatMap((orgId) => [1, 2].map((version) => ({ orgId, version })));
    const places = rings.flatMap((by) => purposes.map((of) => ({ by, of })));
    let refused = 0;
    for (const from of places) {
      const plain = randomBytes(32);
      const { wrapped, keyVersion } = await from.by.wrap(from.of, plain);
      expect(keyVersion).toBe(from.by.currentVersion);
      expect(Buffer.from(await from.by.unwrap(from.of, { wrapped, keyVersion }))).toEqual(plain);
      for (const to of places) {
        if (to === from) continue;
        const moved = { wrapped, keyVersion: to.by.currentVersion };
        await expect(to.by.unwrap(to.of, moved)).rejects.toMatchObject(unreadable);
        refused += 1;
      }
    }
    expect(refused).toBe(8 * 7);
  });

  it('do not open with one bit changed, cut off at any place, or under another key of the same version', async () => {
    const { wrapped, keyVersion } = await ring(first).wrap(purpose, randomBytes(32));
    for (let at = 0; at < wrapped.length; at++) {
      const changed = Uint8Array.from(wrapped);
      changed[at]! ^= 1;
      for (const broken of [changed, wrapped.subarray(0, at)]) {
        const opened = ring(first).unwrap(purpose, { wrapped: broken, keyVersion });
        await expect(opened).rejects.toMatchObject(unreadable);
      }
    }
    const impostor = ring(generateVersionedKey());
    await expect(impostor.unwrap(purpose, { wrapped, keyVersion })).rejects.toMatchObject(unreadable);
  });

  it('say which key is missing', async () => {
    const wrapped = await ring(second).wrap(purpose, randomBytes(32));
    await expect(ring(first).unwrap(purpose, wrapped)).rejects.toThrow(
      'no key of version 2 is configured in CREDENTIAL_KEYS',
    );
  });
});
