import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRfc3339 } from './rfc3339.ts';

const atMs = (text: string) => {
  const instant = parseRfc3339(text);
  return instant && Number(instant.seconds) * 1000 + Math.floor(instant.nanos / 1e6);
};

describe('parseRfc3339', () => {
  it('reads what Date writes', () => {
    const dates = fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z') });
    fc.assert(
      fc.property(
        dates.filter((date) => !Number.isNaN(date.getTime())),
        (date) => {
          expect(atMs(date.toISOString())).toBe(date.getTime());
        },
      ),
      { numRuns: 2_000 },
    );
  });

  // The examples of https://www.rfc-editor.org/rfc/rfc3339#section-5.8
  it.each([
    ['1985-04-12T23:20:50.52Z', '1985-04-12T23:20:50.520Z'],
    ['1996-12-19T16:39:57-08:00', '1996-12-20T00:39:57.000Z'],
    ['1990-12-31T23:59:60Z', '1991-01-01T00:00:00.000Z'],
    ['1990-12-31T15:59:60-08:00', '1991-01-01T00:00:00.000Z'],
    ['1937-01-01T12:00:27.87+00:20', '1937-01-01T11:40:27.870Z'],
    ['2024-02-29t00:00:00z', '2024-02-29T00:00:00.000Z'],
    ['2026-11-23T08:30:00-00:00', '2026-11-23T08:30:00.000Z'],
  ])('reads %s', (text, same) => {
    expect(atMs(text)).toBe(Date.parse(same));
  });

  it('keeps nanoseconds and cuts what is finer', () => {
    expect(parseRfc3339('1970-01-01T00:00:01.1234567899Z')).toEqual({ seconds: 1n, nanos: 123_456_789 });
    expect(parseRfc3339('1969-12-31T23:59:59.5Z')).toEqual({ seconds: -1n, nanos: 500_000_000 });
  });

  it.each([
    '',
    '2026-11-23',
    '2026-11-23T08:30:00',
    '2026-11-23 08:30:00Z',
    '2026-11-23T08:30Z',
    '2026-11-23T08:30:00+0100',
    '2026-11-23T08:30:00+24:00',
    '2026-11-23T24:00:00Z',
    '2026-11-23T08:60:00Z',
    '2026-11-23T08:30:60Z',
    '2026-11-23T08:30:00.Z',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-01:00',
    ' 2026-11-23T08:30:00Z',
    '2026-11-23T08:30:00Z\n',
    '20261123T083000Z',
    '٢٠٢٦-11-23T08:30:00Z',
  ])('refuses %j', (text) => {
    expect(parseRfc3339(text)).toBeUndefined();
  });
});
