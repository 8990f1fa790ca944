import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, numberOf, parseExact, withDoubles } from './json.ts';

describe('parseExact', () => {
  it.each([
    '9007199254740991',
    '9007199254740993',
    '-98765432109876543210',
    '123456789012345678901234567890',
    '0.123456789012345678901234567890',
    '123456789.123456789123456789',
    '1e400',
    '-1E+2',
    '1e-7',
    '0.0000001',
    '-0',
    '-0.0',
    '1.10',
    '1.0',
    '100.50',
    '10000000000.000007',
  ])('keeps %s as it was sent', (number) => {
    const text = `{"a":[{"b":${number}}],"c":"${number}"}`;
    const value = parseExact(text);
    expect(JSON.stringify(value)).toBe(text);
    const [{ b }] = (value as { a: [{ b: unknown }] }).a;
    expect(numberOf(b)).toBe(Number(number));
    expect(isJsonObject(b)).toBe(false);
    expect(withDoubles(value)).toEqual(JSON.parse(text));
  });

  it('writes every number as it was sent', () => {
    const digits = fc.stringMatching(/^(0|[1-9]\d{0,30})$/);
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        digits,
        fc.stringMatching(/^(\.\d{1,30})?$/),
        fc.stringMatching(/^([eE][+-]?\d{1,3})?$/),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(number), (numbers) => {
        const text = `[${numbers.join(',')}]`;
        expect(JSON.stringify(parseExact(text))).toBe(text);
      }),
      { numRuns: 20_000 },
    );
  });

  it('leaves ordinary numbers to be numbers', () => {
    expect(parseExact('{"a":1.5,"b":-12,"c":0,"d":"1.0"}')).toEqual({ a: 1.5, b: -12, c: 0, d: '1.0' });
  });
});
