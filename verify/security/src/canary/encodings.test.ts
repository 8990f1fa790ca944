import { describe, expect, it } from 'vitest';
import { formsOf } from './encodings.ts';

const SECRET = 'Zk9+"q/8=w\\T5 x?>~y0';
const found = (haystack: string) => formsOf(SECRET).some(({ text }) => haystack.includes(text));

describe('the forms of a secret', () => {
  it.each([
    ['as it is', `Bearer ${SECRET}.`],
    ['in JSON', JSON.stringify({ a: `Bearer ${SECRET}` })],
    ['in JSON in JSON', JSON.stringify({ text: JSON.stringify({ a: `Bearer ${SECRET}` }) })],
    ['in a URL', `https://x.example/?a=${encodeURIComponent(`Bearer ${SECRET}`)}&b`],
    ['in a URL with small escapes', encodeURIComponent(SECRET).replaceAll(/%../g, (escape) => escape.toLowerCase())],
    ['in hex', Buffer.from(`Bearer ${SECRET}.`).toString('hex')],
    ['in capital hex', Buffer.from(`Bearer ${SECRET}.`).toString('hex').toUpperCase()],
  ])('are found %s', (_where, haystack) => {
    expect(found(haystack)).toBe(true);
  });

  it.each(['base64', 'base64url'] as const)('are found wherever they stand in %s', (encoding) => {
    for (const before of ['', 'a', 'ab', 'abc', 'Bearer ', 'user:']) {
      for (const after of ['', 'z', 'zz', 'zzz']) {
        expect(found(Buffer.from(before + SECRET + after).toString(encoding))).toBe(true);
      }
    }
  });

  it('are not found in what is not the secret', () => {
    expect(found(JSON.stringify({ a: SECRET.slice(0, -1), b: SECRET.slice(1) }))).toBe(false);
  });
});
