import { describe, expect, it } from 'vitest';
import { AppError } from '@agent-platform/errors';
import { createRateLimit } from './rate-limit.ts';

function setup() {
  const clock = { nowMs: 1_000_000 };
  const limit = createRateLimit(() => clock.nowMs);
  /** How many of `count` requests pass. */
  const passed = (sourceId: string, ratePerSecond: number, count: number) => {
    let n = 0;
    for (let i = 0; i < count; i++) {
      try {
        limit(sourceId, ratePerSecond);
        n++;
      } catch (error) {
        if (!(error instanceof AppError && error.code === 'rate_limited')) throw error;
        expect(error.kind).toBe('resource_exhausted');
        expect(error.retryAfterSeconds).toBe(1);
      }
    }
    return n;
  };
  return { clock, passed };
}

describe('rate limit', () => {
  it('lets a burst of two seconds pass, then the rate', () => {
    const { clock, passed } = setup();
    expect(passed('src_a', 10, 100)).toBe(20);
    clock.nowMs += 500;
    expect(passed('src_a', 10, 100)).toBe(5);
    clock.nowMs += 60_000;
    expect(passed('src_a', 10, 100)).toBe(20);
  });

  it('keeps sources apart', () => {
    const { passed } = setup();
    expect(passed('src_a', 10, 100)).toBe(20);
    expect(passed('src_b', 3, 100)).toBe(6);
  });

  it('is exact over time, however the requests fall', () => {
    const { clock, passed } = setup();
    let total = passed('src_a', 7, 100);
    for (let i = 0; i < 1_000; i++) {
      clock.nowMs += 10;
      total += passed('src_a', 7, 3);
    }
    expect(total).toBeGreaterThanOrEqual(14 + 69);
    expect(total).toBeLessThanOrEqual(14 + 70);
  });

  it('survives a clock that is set back', () => {
    const { clock, passed } = setup();
    expect(passed('src_a', 10, 100)).toBe(20);
    clock.nowMs -= 3_600_000;
    expect(passed('src_a', 10, 100)).toBe(0);
    clock.nowMs += 1_000;
    expect(passed('src_a', 10, 100)).toBe(10);
  });

  it('follows a rate that is changed', () => {
    const { clock, passed } = setup();
    expect(passed('src_a', 10, 100)).toBe(20);
    clock.nowMs += 1_000;
    expect(passed('src_a', 2, 100)).toBe(2);
  });
});
