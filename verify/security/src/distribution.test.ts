import { expect, it } from 'vitest';
import { distributionOf, histogram } from './distribution.ts';

it('describes how values are distributed', () => {
  const values = Array.from({ length: 1_000 }, (_, i) => 1_000 - i);
  expect(distributionOf(values)).toEqual({ count: 1_000, p50: 501, p90: 901, p99: 991, max: 1_000 });
});

it('has no figures for nothing', () => {
  expect(distributionOf([])).toEqual({ count: 0, p50: NaN, p90: NaN, p99: NaN, max: NaN });
  expect(histogram([])).toEqual([]);
});

it('counts every value in exactly one bar, with bars from the first to the last value', () => {
  const bars = histogram([25, 49, 50, 5_000, 9_999, 10_000, 60_000]);
  expect(bars.map(({ what, measured }) => [what.trim(), Number.parseInt(measured.trim(), 10)])).toEqual([
    ['25 – 50 ms', 2],
    ['50 – 100 ms', 1],
    ['100 – 250 ms', 0],
    ['250 – 500 ms', 0],
    ['500 – 1000 ms', 0],
    ['1000 – 2500 ms', 0],
    ['2500 – 5000 ms', 0],
    ['5000 – 10000 ms', 2],
    ['≥ 10000 ms', 2],
  ]);
});
