import { isPassing } from '@agent-platform/errors';
import { databaseErrorToAppError } from '@agent-platform/database';
import { backoffMs } from './backoff.ts';
import type { Execution } from './execution.ts';
import { stopIfCancelled, stopIfUnanswered } from './failures.ts';
import { runPrompt } from '../agent/prompt-action.ts';
import { LeaseLost, RunStop } from './stop.ts';
import { runToolCall } from '../tools/tool-call-action.ts';
import type { Outcome } from '../store/rows/run.ts';

/**
 * Does what the run's plan says, from where its journal ends.
 *
 * @param onFault - told of errors that nobody foresaw.
 * @returns what became of it, still to be written.
 * @throws LeaseLost
 */
export async function executeRun(x: Execution, onFault: (error: unknown) => void): Promise<Outcome> {
  try {
    stopIfUnanswered(x);
    stopIfCancelled(x);
    const { action } = x.run.plan;
    return action.kind === 'prompt' ? await runPrompt(x) : await runToolCall(x, action);
  } catch (error) {
    if (error instanceof RunStop) return error.outcome;
    if (error instanceof LeaseLost) throw error;
    onFault(error);
    return faultOutcome(x, isPassing(databaseErrorToAppError(error)));
  }
}

/** Of the platform itself, before it is taken for the run's fault. */
const MAX_FAULTS = 5;

/** Ours or a bug: tried again, and not for ever if it may be the run itself that makes us fail. */
function faultOutcome({ run, retry }: Execution, passing: boolean): Outcome {
  const error = { code: 'internal', message: 'The platform failed while it worked on the run; its logs say why.' };
  if (!passing && run.attempts >= MAX_FAULTS) return { status: 'failed', error };
  return { status: 'queued', error, delayMs: backoffMs(retry, run.attempts) };
}
