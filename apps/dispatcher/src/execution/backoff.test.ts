import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';

const policy = { maxAttempts: 5, totalMs: 60_000, baseMs: 1_000, maxMs: 60_000 };

describe('backoffMs', () => {
  it.each([
    [1, 500, 1_000],
    [2, 1_000, 2_000],
    [4, 4_000, 8_000],
    [50, 30_000, 60_000],
    [5_000, 30_000, 60_000],
  ])('after %i failures waits from %i to %i ms', (failures, min, max) => {
    const waits = Array.from({ length: 100 }, () => backoffMs(policy, failures));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(min);
    expect(Math.max(...waits)).toBeLessThanOrEqual(max);
    expect(new Set(waits).size).toBeGreaterThan(20);
  });

  it('waits as long as the server asks, up to an hour', () => {
    expect(backoffMs(policy, 1, 120_000)).toBe(120_000);
    expect(backoffMs(policy, 1, 10)).toBeGreaterThanOrEqual(500);
    expect(backoffMs(policy, 1, 1e12)).toBe(3_600_000);
  });
});
