import { describe, expect, it } from 'vitest';
import { newTraceparent, parseTraceparent } from './traceparent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

describe('parseTraceparent', () => {
  it.each([`00-${TRACE}-${PARENT}-01`, `00-${TRACE}-${PARENT}-00`, `00-${TRACE}-${PARENT}-03`])(
    'passes on %s unchanged',
    (header) => expect(parseTraceparent(header)).toBe(header),
  );

  it.each([
    [`01-${TRACE}-${PARENT}-01`, `00-${TRACE}-${PARENT}-01`],
    [`cc-${TRACE}-${PARENT}-ff-what-the-future-brings`, `00-${TRACE}-${PARENT}-01`],
    [`cc-${TRACE}-${PARENT}-10`, `00-${TRACE}-${PARENT}-00`],
  ])('reads the later version %s as %s', (header, expected) => expect(parseTraceparent(header)).toBe(expected));

  it.each([
    undefined,
    '',
    'nonsense',
    `ff-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01-more`,
    `00-${TRACE}-${PARENT}-01-`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${TRACE.slice(1)}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-1`,
    `cc-${TRACE}-${PARENT}-01.more`,
    `0-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
    [`00-${TRACE}-${PARENT}-01`, `00-${TRACE}-${PARENT}-01`],
    `cc-${TRACE}-${PARENT}-01-${'x'.repeat(1000)}`,
    `00-${TRACE}-${PARENT}-01\n`,
  ])('starts anew instead of %j', (header) => expect(parseTraceparent(header)).toBeUndefined());
});

describe('newTraceparent', () => {
  it('is a valid one, and never the same', () => {
    const made = Array.from({ length: 1_000 }, newTraceparent);
    expect(made.every((one) => parseTraceparent(one) === one)).toBe(true);
    expect(new Set(made).size).toBe(1_000);
  });
});
