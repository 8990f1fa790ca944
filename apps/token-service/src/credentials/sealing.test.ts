import { describe, expect, it } from 'vitest';
import { generateVersionedKey, parseVersionedKeys } from '../versioned-keys.ts';
import { createSealer } from './sealing.ts';

const owner = { orgId: 'org_a', skillId: 'skl_1', field: 'headers' };
const secret = '{"Authorization":"Bearer sk-ünïcode"}';
const firstKey = generateVersionedKey();
const sealer = createSealer(parseVersionedKeys(firstKey)!);

describe('sealed secrets', () => {
  it('open for their owner', () => {
    expect(sealer.open(owner, sealer.seal(owner, secret))).toBe(secret);
  });

  it('never look the same twice', () => {
    const [one, two] = [sealer.seal(owner, secret), sealer.seal(owner, secret)];
    expect(one.nonce).not.toEqual(two.nonce);
    expect(one.ciphertext).not.toEqual(two.ciphertext);
  });

  it.each([{ orgId: 'org_b' }, { skillId: 'skl_2' }, { field: 'other' }, { orgId: 'org_a","skl_1', skillId: '' }])(
    'do not open for %j',
    (other) => {
      const sealed = sealer.seal(owner, secret);
      expect(() => sealer.open({ ...owner, ...other }, sealed)).toThrow('does not belong to this skill');
    },
  );

  it('do not open with one bit changed anywhere', () => {
    const sealed = sealer.seal(owner, secret);
    for (const part of ['ciphertext', 'nonce'] as const) {
      for (let at = 0; at < sealed[part].length; at++) {
        const changed = sealed[part].slice();
        changed[at]! ^= 1;
        expect(() => sealer.open(owner, { ...sealed, [part]: changed })).toThrow('was changed');
      }
    }
  });

  it('do not open truncated or empty', () => {
    const sealed = sealer.seal(owner, secret);
    for (const length of [0, 15, sealed.ciphertext.length - 1]) {
      expect(() => sealer.open(owner, { ...sealed, ciphertext: sealed.ciphertext.slice(0, length) })).toThrow();
    }
  });

  it('stay readable after a new key took over, and not without their own', () => {
    const sealed = sealer.seal(owner, secret);
    const newKey = generateVersionedKey().replace('1:', '2:');
    const rotated = createSealer(parseVersionedKeys(`${newKey},${firstKey}`)!);
    expect(rotated.open(owner, sealed)).toBe(secret);
    expect(rotated.seal(owner, secret).keyVersion).toBe(2);
    const forgetful = createSealer(parseVersionedKeys(newKey)!);
    expect(() => forgetful.open(owner, sealed)).toThrow('no key of version 1 is configured');
    expect(() => rotated.open(owner, { ...sealed, keyVersion: 2 })).toThrow('was changed');
  });
});
