import { describe, expect, it } from 'vitest';
import { generateVersionedKey, parseVersionedKeys } from './versioned-keys.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');

describe('versioned keys', () => {
  it('take the first entry as the current one, whatever its number', () => {
    const parsed = parseVersionedKeys(`3:${KEY}, 9:${KEY},1:${KEY}`)!;
    expect(parsed.currentVersion).toBe(3);
    expect([...parsed.keys.keys()]).toEqual([3, 9, 1]);
    expect(parsed.keys.get(9)!.export()).toEqual(Buffer.alloc(32, 7));
  });

  it('read what is generated, and never generate the same', () => {
    const text = generateVersionedKey();
    expect(parseVersionedKeys(text)!.currentVersion).toBe(1);
    expect(generateVersionedKey()).not.toBe(text);
  });

  it.each([
    ['nothing', ''],
    ['a key without a version', KEY],
    ['version 0', `0:${KEY}`],
    ['a key that is too short', '1:c2hvcnQ='],
    ['a key that is too long', `1:${KEY}${KEY}`],
    ['a comma with nothing after it', `1:${KEY},`],
    ['a version given twice', `1:${KEY},1:${KEY}`],
  ])('refuse %s', (_, text) => {
    expect(parseVersionedKeys(text)).toBeUndefined();
  });
});
