import type { ModelMessage } from 'ai';
import { ModelFailure } from './model-failure.ts';
import type { ModelTool, Turn } from './models.ts';
import type { Execution } from '../execution/execution.ts';
import {
  hadItsShare,
  retryOrFail,
  stopForCancellation,
  stopForShutdown,
  stopIfCancelled,
} from '../execution/failures.ts';
import { failed, LeaseLost, ShuttingDown } from '../execution/stop.ts';

/**
 * Asks the model for its next turn, or takes it from the journal. A turn that was begun and never answered is asked
 * for again: a model changes nothing. Its answer is committed before anything is done with it.
 */
export async function modelTurn(
  x: Execution,
  number: number,
  messages: readonly ModelMessage[],
  tools: readonly ModelTool[],
): Promise<Turn> {
  const { journal, run } = x;
  const position = `turn:${number}`;
  const last = journal.last(position);
  if (last?.status === 'succeeded') return JSON.parse(last.result!) as Turn;
  if (last?.status === 'started') {
    const problem = {
      code: 'interrupted',
      message: 'The worker that asked the model did not live to record the answer.',
    };
    journal.fail(last, problem);
    if (hadItsShare(x, last)) throw retryOrFail(x, last, problem);
  }
  stopIfCancelled(x);
  const step = journal.begin({ kind: 'model_turn', position, repeatable: true });
  await journal.commit();
  try {
    const { model, instructions } = run.plan.agent;
    const signal = AbortSignal.any([x.signal, x.cancelled]);
    const turn = await x.models.turn({ model, instructions, messages, tools, signal });
    journal.succeed(step, JSON.stringify(turn));
  } catch (error) {
    if (x.signal.reason instanceof LeaseLost) throw x.signal.reason;
    if (x.signal.reason instanceof ShuttingDown) throw stopForShutdown(x, step, true);
    if (x.cancelled.aborted) throw stopForCancellation(x);
    if (!(error instanceof ModelFailure)) throw error;
    const problem = { code: error.code, message: error.message };
    journal.fail(step, problem);
    throw error.retryable ? retryOrFail(x, step, problem, error.retryAfterMs) : failed(error.code, error.message);
  }
  await journal.commit();
  return JSON.parse(step.result!) as Turn;
}
