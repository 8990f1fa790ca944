import { describe, expect, it } from 'vitest';
import { parseExact } from './exact-json.ts';

describe('parseExact', () => {
  it.each(['{"id":12345678901234567890}', '{"a":[{"b":-98765432109876543210}]}'])('keeps every digit of %s', (text) => {
    expect(JSON.stringify(parseExact(text))).toBe(text);
  });

  it.each(['{"a":1.5}', '{"a":9007199254740991,"b":"12345678901234567890"}', '{"a":1.2345678901234567890}'])(
    'leaves %s to be parsed as ever',
    (text) => {
      expect(parseExact(text)).toEqual(JSON.parse(text));
    },
  );
});
