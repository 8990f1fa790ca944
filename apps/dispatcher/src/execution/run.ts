import type { Plan } from '../events/plan.ts';
import type { UnplannedRun } from '../store/rows/run.ts';

/** With what it does. */
export interface ClaimedRun extends UnplannedRun {
  readonly plan: Plan;
}

/** The same for every attempt at a tool call: a server that knows it does not act twice. */
export function idempotencyKey(runId: string, position: string): string {
  return `${runId}:${position}`;
}
