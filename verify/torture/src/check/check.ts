import { checkCalls } from './check-calls.ts';
import { checkEvents } from './check-events.ts';
import { checkRuns } from './check-runs.ts';
import type { Evidence, Expected, Violation } from './evidence.ts';

/** Compares what everybody knows; an empty list is the platform's promise kept. */
export function check(evidence: Evidence, expected: Expected): Violation[] {
  return [...checkEvents(evidence), ...checkRuns(evidence, expected), ...checkCalls(evidence)];
}
