import type { Check, Findings, Row } from './check.ts';

export interface Result extends Findings {
  readonly check: Pick<Check, 'name' | 'title'>;
  readonly tookMs: number;
}

const MOST_SHOWN = 20;

/** What was measured as a Markdown table, and below it what is wrong. */
export function describe({ check, rows, problems, tookMs }: Result): string {
  const shown = problems.slice(0, MOST_SHOWN).map((problem) => `✗ ${problem}`);
  if (problems.length > MOST_SHOWN) shown.push(`✗ … and ${problems.length - MOST_SHOWN} more`);
  const verdict = shown.length === 0 ? ['✓ no problem'] : shown;
  return [`\n### ${check.name}: ${check.title}\n`, table(check.name, rows), '', ...verdict, `${seconds(tookMs)}`].join(
    '\n',
  );
}

/** One line for each check. */
export function summarize(results: readonly Result[]): string {
  const lines = results.map(({ check, problems }) => {
    const many = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    return problems.length === 0 ? `✓ ${check.name}` : `✗ ${check.name}: ${many}`;
  });
  return ['\n### summary\n', ...lines].join('\n');
}

function table(title: string, rows: readonly Row[]): string {
  const cells = [[title, 'measured', 'must be'], ...rows.map(({ what, measured, aim = '' }) => [what, measured, aim])];
  const widths = [0, 1, 2].map((column) => Math.max(3, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const [head, ...body] = cells.map(line);
  return [head!, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
}

const seconds = (ms: number) => `took ${(ms / 1_000).toFixed(0)} s`;
