import { percentile } from '@agent-platform/harness';
import type { Row } from './check.ts';

/** Upper ends of the histogram's bars. Milliseconds. */
const BARS_MS = [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, Infinity];
const WIDTH = 30;

export interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** NaN where there is nothing to measure. */
export function distributionOf(valuesMs: readonly number[]): Distribution {
  const at = (fraction: number) => percentile(valuesMs, fraction);
  return { count: valuesMs.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

export const milliseconds = (ms: number) => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;

/** How many values each bar has; empty bars at either end are left out. */
export function histogram(valuesMs: readonly number[]): Row[] {
  const bars = BARS_MS.map((upTo, i) => {
    const from = BARS_MS[i - 1] ?? 0;
    const count = valuesMs.filter((ms) => ms >= from && ms < upTo).length;
    return { what: upTo === Infinity ? `  ≥ ${from} ms` : `  ${from} – ${upTo} ms`, count };
  });
  const filled = bars.map(({ count }, i) => (count > 0 ? i : -1)).filter((i) => i >= 0);
  const most = Math.max(...bars.map(({ count }) => count));
  return bars.slice(filled.at(0) ?? 0, (filled.at(-1) ?? -1) + 1).map(({ what, count }) => ({
    what,
    measured: `${String(count).padStart(5)} ${'▇'.repeat(Math.ceil((count / most) * WIDTH))}`.trimEnd(),
  }));
}
