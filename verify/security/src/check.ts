import type { Random, Say } from '@agent-platform/harness';

/** One line of what was measured. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** What it has to be. */
  readonly aim?: string;
}

export interface Findings {
  readonly rows: readonly Row[];
  /** One sentence each; none when all is as it must be. */
  readonly problems: readonly string[];
}

export interface CheckContext {
  readonly random: Random;
  readonly say: Say;
}

/** A security promise that can be measured. */
export interface Check {
  readonly name: string;
  readonly title: string;
  run(context: CheckContext): Promise<Findings>;
}

/** Rows and problems as they come up. */
export function createFindings() {
  const rows: Row[] = [];
  const problems: string[] = [];
  return {
    rows,
    problems,
    row: (what: string, measured: string | number, aim?: string) =>
      void rows.push({
        what,
        measured: typeof measured === 'number' ? measured.toLocaleString('en-US') : measured,
        ...(aim !== undefined && { aim }),
      }),
    /** A row, and a problem when it does not hold. */
    require(holds: boolean, what: string, measured: string | number, aim: string) {
      this.row(what, measured, aim);
      if (!holds) problems.push(`${what}: ${measured}, must be ${aim}`);
    },
  };
}

export type FindingsInProgress = ReturnType<typeof createFindings>;
