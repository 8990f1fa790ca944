import { describe, expect, it } from 'vitest';
import { LruMap } from './lru-map.ts';

const known = (map: Pick<LruMap<unknown>, 'get'>, keys: string) =>
  [...keys].filter((key) => map.get(key) !== undefined).join('');

describe('LruMap', () => {
  it('forgets what was not used for longest', () => {
    const map = new LruMap<number>(3);
    for (const key of 'abc') map.set(key, 1);
    map.get('a');
    map.set('d', 1);
    map.set('c', 2);
    map.set('e', 1);
    expect(known(map, 'abcde')).toBe('cde');
    expect(map.get('c')).toBe(2);
  });

  it('goes by what values weigh, and weighs one again that is set again', () => {
    const map = new LruMap<{ size: number }>(10, ({ size }) => size);
    const growing = { size: 2 };
    map.set('a', { size: 4 });
    map.set('b', growing);
    map.set('c', { size: 4 });
    expect(known(map, 'abc')).toBe('abc');
    growing.size = 6;
    map.set('b', growing);
    expect(known(map, 'abc')).toBe('bc');
    map.delete('b');
    map.set('d', { size: 6 });
    expect(known(map, 'bcd')).toBe('cd');
  });

  it('keeps the last one, whatever it weighs', () => {
    const map = new LruMap<number>(10, (weight) => weight);
    map.set('a', 5);
    map.set('b', 11);
    expect(known(map, 'ab')).toBe('b');
    map.set('c', 1);
    expect(known(map, 'bc')).toBe('c');
  });
});
