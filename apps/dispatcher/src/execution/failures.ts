import { McpError } from '@agent-platform/mcp-client';
import { AppError, isPassing } from '@agent-platform/errors';
import { backoffMs } from './backoff.ts';
import type { Execution } from './execution.ts';
import { HANDED_BACK } from './journal.ts';
import { failed, LeaseLost, outcomeUnknown, RunStop, ShuttingDown } from './stop.ts';
import type { Problem, RetryState, Step } from '../store/rows/run.ts';

/** Another service of the platform is not there: not the run's fault, so it waits as long as it takes. */
export function stopForOurFault(x: Execution, error: unknown, code: string, what: string): RunStop {
  if (!(error instanceof AppError)) throw error;
  if (!isPassing(error)) return failed(code, `${what}: ${error.message}`);
  const delayMs = backoffMs(x.retry, x.run.attempts, (error.retryAfterSeconds ?? 0) * 1_000);
  return new RunStop({
    status: 'queued',
    delayMs,
    error: { code, message: `${what} right now; tried again shortly.` },
  });
}

/** What a failed call to an MCP server means for the run. Records it with the step. */
export function stopForMcpFailure(x: Execution, step: Step, error: unknown): unknown {
  const reason: unknown = x.signal.aborted ? x.signal.reason : undefined;
  if (reason instanceof LeaseLost) return reason;
  if (reason instanceof ShuttingDown)
    return stopForShutdown(x, step, !(error instanceof McpError) || error.outcomeUnknown);
  if (x.cancelled.aborted && step.repeatable) return stopForCancellation(x);
  if (!(error instanceof McpError)) return error;
  const again = error.code === 'credential_refused' ? ' It is not tried again.' : '';
  const problem = { code: error.code, message: `Skill ${step.skill}: ${error.message}${again}` };
  x.journal.fail(step, problem);
  if (error.outcomeUnknown && !step.repeatable) return outcomeUnknown(unknownProblem(step, error.message));
  if (error.retryable) return retryOrFail(x, step, problem, error.retryAfterMs);
  return failed(problem.code, problem.message);
}

/** Queues the run for another try at the step, unless it had its share. */
export function retryOrFail(x: Execution, step: Step, problem: Problem, retryAfterMs?: number): RunStop {
  const { failures, policy, givesUpAtMs } = shareOf(x, step);
  const delayMs = backoffMs(policy, failures, retryAfterMs);
  if (failures >= policy.maxAttempts || Date.now() + delayMs > givesUpAtMs) {
    const times = failures === 1 ? 'once' : `${failures} times`;
    const asked = (retryAfterMs ?? 0) > policy.totalMs ? ' The server asks to wait longer than its skill waits.' : '';
    return failed(problem.code, `${problem.message} Tried ${times}, without success.${asked}`);
  }
  return new RunStop({ status: 'queued', delayMs, error: problem, retry: retryState(x, step) });
}

/** What is left of a failed step's share. */
export function retryState(x: Execution, step: Step): RetryState {
  const { failures, policy, givesUpAtMs } = shareOf(x, step);
  const attemptsLeft = Number.isFinite(policy.maxAttempts) ? policy.maxAttempts - failures : null;
  return { attemptsLeft, givesUpAt: new Date(givesUpAtMs) };
}

/** Whether the attempts at a step, or the time for them, are used up. */
export function hadItsShare(x: Execution, step: Step): boolean {
  const { failures, policy, givesUpAtMs } = shareOf(x, step);
  return failures >= policy.maxAttempts || Date.now() > givesUpAtMs;
}

function shareOf(x: Execution, step: Step) {
  const policy = { ...x.retry, ...x.run.plan.skills.find(({ name }) => name === step.skill)?.retry };
  const attempts = x.journal.failed(step.position);
  const firstMs = (attempts[0]?.finishedAt ?? new Date()).getTime();
  return { failures: attempts.length, policy, givesUpAtMs: firstMs + policy.totalMs };
}

/** @param unanswered - the call may have been sent, and no answer has come. */
export function stopForShutdown(x: Execution, step: Step, unanswered: boolean): RunStop {
  x.journal.fail(step, { code: HANDED_BACK, message: 'The platform was stopped during the call.' });
  if (unanswered && !step.repeatable)
    return outcomeUnknown(unknownProblem(step, 'the platform was stopped during the call'));
  return new RunStop({ status: 'queued', delayMs: 0 });
}

/**
 * Before anything else is done for a run: a call that another worker began and that may not be repeated is for a
 * person to look at, whatever becomes of the rest. @throws RunStop
 */
export function stopIfUnanswered({ journal }: Execution): void {
  const open = journal.steps.find(({ status, repeatable }) => status === 'started' && !repeatable);
  if (open) throw outcomeUnknown(unknownProblem(open, NOT_RECORDED));
}

/** Before the next step of a run that somebody wants to end. @throws RunStop */
export function stopIfCancelled(x: Execution): void {
  if (x.cancelled.aborted) throw stopForCancellation(x);
}

/** What has begun was not sent yet, or may be cut off. */
export function stopForCancellation({ journal }: Execution): RunStop {
  for (const step of journal.steps) {
    if (step.status === 'started') journal.fail(step, { code: 'cancelled', message: 'The run was cancelled.' });
  }
  return new RunStop({ status: 'cancelled' });
}

/** Why there is no answer to a call that was found as started. */
export const NOT_RECORDED = 'the worker that made it did not live to record the answer';

export function unknownProblem(step: Pick<Step, 'skill' | 'tool'>, why: string): Problem {
  return {
    code: 'outcome_unknown',
    message:
      `The call of ${step.skill}/${step.tool} was sent and its answer is not known (${why}). It is not repeated, because ` +
      `the tool is neither read-only nor idempotent. Look at the system behind it to see whether it took effect.`,
  };
}
