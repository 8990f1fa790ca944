import { describe, expect, it } from 'vitest';
import { ADDRESS_RANGES, createAddressRules } from './index.ts';

describe('ranges that an operator allows', () => {
  it('are written with commas between', () => {
    const ranges = ADDRESS_RANGES.parse('10.0.0.0/8, fd00::/8 ,192.168.1.1');
    expect(ranges).toEqual(['10.0.0.0/8', 'fd00::/8', '192.168.1.1']);
    expect(createAddressRules(ranges!).allowed).toHaveLength(3);
  });

  it.each(['', '10.0.0.0/33', 'localhost', '10.0.0.0/8,', '10.0.0.0/8;fd00::/8'])('are not: "%s"', (text) => {
    expect(ADDRESS_RANGES.parse(text)).toBeUndefined();
  });
});
