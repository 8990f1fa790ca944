import { generateVersionedKey } from '../src/versioned-keys.ts';

/** CREDENTIAL_KEYS before there was a second key, while it is introduced, and after the first was removed. */
export function newRings() {
  const [one, two] = [generateVersionedKey(), generateVersionedKey().replace('1:', '2:')];
  return { one, oneTwo: `${one},${two}`, twoOne: `${two},${one}`, two };
}
