import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FirstTimes } from './first-times.ts';

const SETS = 65_536;

describe('FirstTimes', () => {
  it('answers the first time within the window, and begins anew after it', () => {
    const times = new FirstTimes(1_000);
    expect([0, 1, 999, 1_000, 1_999, 2_000].map((nowMs) => times.of(7, nowMs))).toEqual([0, 0, 0, 1_000, 1_000, 2_000]);
  });

  it('remembers two contents in one place, and drops the one seen first for a third', () => {
    const times = new FirstTimes(1_000);
    times.of(5, 0);
    times.of(5 + SETS, 1);
    expect([times.of(5, 2), times.of(5 + SETS, 2)]).toEqual([0, 1]);
    expect(times.of(5 + 2 * SETS, 3)).toBe(3);
    expect([times.of(5 + SETS, 4), times.of(5 + 2 * SETS, 4)]).toEqual([1, 3]);
    expect(times.of(5, 5)).toBe(5);
  });

  it('forgets hardly any of a thousand', () => {
    const times = new FirstTimes(1_000);
    const contents = Array.from({ length: 1_000 }, () => randomInt(2 ** 48 - 1));
    for (const content of contents) times.of(content, 0);
    expect(contents.filter((content) => times.of(content, 1) === 0).length).toBeGreaterThan(990);
  });
});
