import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { DataKey } from './data-key-cache.ts';
import { open, seal, type SecretOwner } from './sealing.ts';

const secret = '{"Authorization":"Bearer sk-ünïcode"}';
const owner = { orgId: 'org_a', skillId: 'skl_1', field: 'headers' };
const newKey = (orgId: string, version: number): DataKey => ({
  orgId,
  version,
  key: createSecretKey(randomBytes(32)),
});
const dataKey = newKey('org_a', 1);

/** Every place a secret can stand: two of each tenant, version of its data key, skill and field. */
const places: { dataKey: DataKey; owner: SecretOwner }[] = ['org_a', 'org_b'].flatMap((orgId) =>
  [1, 2].flatMap((version) => {
    const key = newKey(orgId, version);
    const owners = ['skl_1', 'skl_2'].flatMap((skillId) =>
      ['headers', 'client_secret'].map((field) => ({ orgId, skillId, field })),
    );
    return owners.map((of) => ({ dataKey: key, owner: of }));
  }),
);

describe('sealed secrets', () => {
  it('never look the same twice', () => {
    const [one, two] = [seal(dataKey, owner, secret), seal(dataKey, owner, secret)];
    expect(one.nonce).not.toEqual(two.nonce);
    expect(one.ciphertext).not.toEqual(two.ciphertext);
  });

  it('open in their own place and in none of the others: tenant, skill, field or key version', () => {
    let refused = 0;
    for (const from of places) {
      const sealed = seal(from.dataKey, from.owner, secret);
      expect(open(from.dataKey, from.owner, sealed)).toBe(secret);
      for (const to of places) {
        if (to === from) continue;
        expect(() => open(to.dataKey, to.owner, sealed)).toThrow('does not belong to this skill');
        refused += 1;
      }
    }
    expect(refused).toBe(16 * 15);
  });

  it('do not open elsewhere even under the same key: every difference is in the associated data', () => {
    const sealed = seal(dataKey, owner, secret);
    const others: [DataKey, SecretOwner][] = [
      [dataKey, { ...owner, orgId: 'org_b' }],
      [dataKey, { ...owner, skillId: 'skl_2' }],
      [dataKey, { ...owner, field: 'other' }],
      [dataKey, { ...owner, orgId: 'org_a","skl_1', skillId: '' }],
      [{ ...dataKey, version: 2 }, owner],
    ];
    for (const [key, of] of others) expect(() => open(key, of, sealed)).toThrow('was changed');
  });

  it('do not open with one bit changed anywhere', () => {
    const sealed = seal(dataKey, owner, secret);
    for (const part of ['ciphertext', 'nonce'] as const) {
      for (let at = 0; at < sealed[part].length; at++) {
        const changed = Uint8Array.from(sealed[part]);
        changed[at]! ^= 1;
        expect(() => open(dataKey, owner, { ...sealed, [part]: changed })).toThrow('was changed');
      }
    }
  });

  it('do not open truncated or empty', () => {
    const sealed = seal(dataKey, owner, secret);
    for (let length = 0; length < sealed.ciphertext.length; length++) {
      const ciphertext = sealed.ciphertext.subarray(0, length);
      expect(() => open(dataKey, owner, { ...sealed, ciphertext })).toThrow('was changed');
    }
  });
});
