import type { Violation } from './check/evidence.ts';

/** What came of one scenario. */
export interface Result {
  readonly scenario: string;
  readonly figures: ReadonlyMap<string, string>;
  readonly violations: readonly Violation[];
}

const MOST_SHOWN = 10;

export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 });
}

export const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

/** Figures one below the other, then what was violated: how often each rule, and the first few cases. */
export function table({ scenario, figures, violations }: Result): string {
  const width = Math.max(...[...figures.keys()].map(({ length }) => length));
  const rows = [...figures].map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  const byRule = Map.groupBy(violations, ({ rule }) => rule);
  const broken = [...byRule].map(([rule, cases]) => `  ✗ ${rule}: ${cases.length}`);
  const cases = violations
    .slice(0, MOST_SHOWN)
    .map(({ rule, subject, detail }) => `    ${rule} · ${subject} · ${detail}`);
  const verdict = violations.length === 0 ? '  ✓ no violation' : [...broken, ...cases].join('\n');
  return [`\n${scenario}`, ...rows, verdict].join('\n');
}
