import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { DataKey } from './data-key-cache.ts';
import { open, seal, type SecretPlace } from './sealing.ts';

const secret = '{"Authorization":"Bearer sk-ünïcode"}';
const place: SecretPlace = {
  orgId: 'org_a',
  ownerId: 'skl_1',
  field: 'headers',
  version: 1,
  origin: 'https://mcp.example',
};
const newKey = (orgId: string, version: number): DataKey => ({
  orgId,
  version,
  key: createSecretKey(randomBytes(32)),
});
const dataKey = newKey('org_a', 1);

/** Every place a secret can stand: two of each tenant, version of its data key, skill, field, version and server. */
const places: { dataKey: DataKey; place: SecretPlace }[] = ['org_a', 'org_b'].flatMap((orgId) =>
  [1, 2].flatMap((version) => {
    const key = newKey(orgId, version);
    const bound = [
      { version: 0, origin: null },
      { version: 0, origin: 'https://a.example' },
      { version: 1, origin: 'https://a.example' },
      { version: 1, origin: 'https://b.example' },
    ];
    const own = ['skl_1', 'skl_2'].flatMap((ownerId) =>
      (['headers', 'oauth_client'] as const).flatMap((field) =>
        bound.map((bounds) => ({ orgId, ownerId, field, ...bounds })),
      ),
    );
    return own.map((place) => ({ dataKey: key, place }));
  }),
);

describe('sealed secrets', () => {
  it('never look the same twice', () => {
    const [one, two] = [seal(dataKey, place, secret), seal(dataKey, place, secret)];
    expect(one.nonce).not.toEqual(two.nonce);
    expect(one.ciphertext).not.toEqual(two.ciphertext);
  });

  it('open in their own place and in none of the others: tenant, owner, field, version, server or key version', () => {
    let refused = 0;
    for (const from of places) {
      const sealed = seal(from.dataKey, from.place, secret);
      expect(open(from.dataKey, from.place, sealed)).toBe(secret);
      for (const to of places) {
        if (to === from) continue;
        expect(() => open(to.dataKey, to.place, sealed)).toThrow('does not belong here');
        refused += 1;
      }
    }
    expect(refused).toBe(64 * 63);
  });

  it('do not open elsewhere even under the same key: every difference is in the associated data', () => {
    const sealed = seal(dataKey, place, secret);
    const others: [DataKey, SecretPlace][] = [
      [dataKey, { ...place, orgId: 'org_b' }],
      [dataKey, { ...place, ownerId: 'skl_2' }],
      [dataKey, { ...place, field: 'oauth_client' }],
      [dataKey, { ...place, orgId: 'org_a","skl_1', ownerId: '' }],
      [{ ...dataKey, version: 2 }, place],
    ];
    for (const [key, of] of others) expect(() => open(key, of, sealed)).toThrow('was changed');
  });

  it('do not open with one bit changed anywhere', () => {
    const sealed = seal(dataKey, place, secret);
    for (const part of ['ciphertext', 'nonce'] as const) {
      for (let at = 0; at < sealed[part].length; at++) {
        const changed = Uint8Array.from(sealed[part]);
        changed[at]! ^= 1;
        expect(() => open(dataKey, place, { ...sealed, [part]: changed })).toThrow('was changed');
      }
    }
  });

  it('do not open truncated or empty', () => {
    const sealed = seal(dataKey, place, secret);
    for (let length = 0; length < sealed.ciphertext.length; length++) {
      const ciphertext = sealed.ciphertext.subarray(0, length);
      expect(() => open(dataKey, place, { ...sealed, ciphertext })).toThrow('was changed');
    }
  });
});
