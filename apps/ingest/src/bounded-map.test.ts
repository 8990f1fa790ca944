import { describe, expect, it } from 'vitest';
import { BoundedMap } from './bounded-map.ts';

describe('BoundedMap', () => {
  it('never holds more than its capacity, and always the half of it that was used last', () => {
    const map = new BoundedMap<number, string>(10);
    for (let key = 0; key < 100; key++) {
      map.set(key, `value ${key}`);
      expect(map.size).toBeLessThanOrEqual(10);
      for (let last = Math.max(0, key - 4); last <= key; last++) expect(map.get(last)).toBe(`value ${last}`);
    }
    expect(map.get(80)).toBeUndefined();
  });

  it('keeps what is used, however much comes and goes', () => {
    const map = new BoundedMap<number, string>(10);
    map.set(-1, 'used');
    for (let key = 0; key < 100; key++) {
      map.set(key, 'unused');
      expect(map.get(-1)).toBe('used');
    }
  });

  it('answers the newest value, and none after delete, whenever the key was set first', () => {
    const map = new BoundedMap<string, number>(4);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    expect(map.get('a')).toBe(3);
    map.set('c', 4);
    expect(map.get('a')).toBe(3);
    map.delete('a');
    expect(map.get('a')).toBeUndefined();
    map.set('d', 5);
    expect(map.get('a')).toBeUndefined();
  });
});
