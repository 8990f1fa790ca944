import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPace } from './pace.ts';

const IDLE = 0.2;
const BUSY = 0.95;

describe('pace', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function setUp(utilisation: number) {
    const pace = createPace(() => utilisation);
    const started: string[] = [];
    const claim = (orgId: string, waitedMs: number) =>
      void pace.turn({ orgId, waitedMs }).then(() => started.push(orgId));
    const countOf = (orgId: string) => started.filter((one) => one === orgId).length;
    return { pace, claim, started, countOf };
  }

  /** Time goes on while a tenant without a backlog has a run now and then. */
  async function advance(ms: number, quiet: () => void) {
    for (let passed = 0; passed < ms; passed += 500) {
      quiet();
      await vi.advanceTimersByTimeAsync(500);
    }
  }

  it('lets a run without a backlog before it start at once, however busy the process is', async () => {
    const { pace, claim, started } = setUp(BUSY);
    await advance(10_000, () => claim('org_quiet', 10));
    for (let n = 0; n < 100; n++) claim('org_noisy', 60_000);
    claim('org_quiet', 200);
    await vi.advanceTimersByTimeAsync(0);
    expect(started.at(-1)).toBe('org_quiet');
    expect(started).not.toContain('org_noisy');
    pace[Symbol.dispose]();
  });

  it('starts the runs of a backlog one by one beside it, and never stops', async () => {
    const { pace, claim, countOf } = setUp(BUSY);
    await advance(10_000, () => claim('org_quiet', 10));
    for (let n = 0; n < 1_000; n++) claim('org_noisy', 60_000);
    await advance(10_000, () => claim('org_quiet', 10));
    expect(countOf('org_noisy')).toBeGreaterThanOrEqual(150);
    expect(countOf('org_noisy')).toBeLessThanOrEqual(170);
    pace[Symbol.dispose]();
  });

  it('starts at least one run of a backlog for four of anybody else', async () => {
    const { pace, claim, countOf } = setUp(BUSY);
    const quiet = () => {
      for (let n = 0; n < 50; n++) claim('org_quiet', 10);
    };
    await advance(10_000, quiet);
    for (let n = 0; n < 5_000; n++) claim('org_noisy', 60_000);
    const before = countOf('org_quiet');
    await advance(10_000, quiet);
    expect(countOf('org_noisy') / (countOf('org_quiet') - before)).toBeGreaterThan(0.24);
    pace[Symbol.dispose]();
  });

  it('gives backlogs their turns, one tenant after the other', async () => {
    const { pace, claim, countOf } = setUp(BUSY);
    await advance(10_000, () => claim('org_quiet', 10));
    for (let n = 0; n < 1_000; n++) claim('org_large', 60_000);
    for (let n = 0; n < 40; n++) claim('org_small', 2_000);
    await advance(5_000, () => claim('org_quiet', 10));
    expect(countOf('org_small')).toBe(40);
    pace[Symbol.dispose]();
  });

  it('holds nothing back while the process has time', async () => {
    const { pace, claim, countOf } = setUp(IDLE);
    await advance(10_000, () => claim('org_quiet', 10));
    for (let n = 0; n < 500; n++) claim('org_noisy', 60_000);
    await advance(500, () => claim('org_quiet', 10));
    expect(countOf('org_noisy')).toBeGreaterThanOrEqual(450);
    pace[Symbol.dispose]();
  });

  it('holds nothing back where nobody is better off for it', async () => {
    const { pace, claim, countOf } = setUp(BUSY);
    await vi.advanceTimersByTimeAsync(10_000);
    for (let n = 0; n < 500; n++) claim('org_noisy', 60_000);
    for (let n = 0; n < 500; n++) claim('org_other', 90_000);
    await vi.advanceTimersByTimeAsync(0);
    expect([countOf('org_noisy'), countOf('org_other')]).toEqual([500, 500]);
    pace[Symbol.dispose]();
  });

  it('lets a backlog go on at full speed a few seconds after the last run of anybody else', async () => {
    const { pace, claim, countOf } = setUp(BUSY);
    await advance(10_000, () => claim('org_quiet', 10));
    for (let n = 0; n < 1_000; n++) claim('org_noisy', 60_000);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(countOf('org_noisy')).toBe(1_000);
    pace[Symbol.dispose]();
  });

  it('lets a tenant that fell behind for a moment catch up before those that are further behind', async () => {
    const { pace, claim, countOf } = setUp(BUSY);
    await vi.advanceTimersByTimeAsync(10_000);
    claim('org_quiet', 1_500);
    for (let n = 0; n < 100; n++) claim('org_noisy', 60_000);
    for (let n = 0; n < 100; n++) claim('org_quiet', 2_500);
    await vi.advanceTimersByTimeAsync(0);
    expect([countOf('org_quiet'), countOf('org_noisy')]).toEqual([101, 0]);
    pace[Symbol.dispose]();
  });

  it('lets everything go when the process stops', async () => {
    const { pace, claim, countOf } = setUp(BUSY);
    await advance(10_000, () => claim('org_quiet', 10));
    for (let n = 0; n < 100; n++) claim('org_noisy', 60_000);
    pace[Symbol.dispose]();
    await vi.advanceTimersByTimeAsync(0);
    expect(countOf('org_noisy')).toBe(100);
    expect(vi.getTimerCount()).toBe(0);
  });
});
