import type { ToolResult } from '@agent-platform/mcp-client';
import { parseExact } from '@agent-platform/json';
import type { PlannedSkill } from '../events/plan.ts';
import { enterCircuit } from './enter-circuit.ts';
import type { Execution } from '../execution/execution.ts';
import { hadItsShare, NOT_RECORDED, retryOrFail, stopForMcpFailure, stopIfCancelled } from '../execution/failures.ts';
import { idempotencyKey } from '../execution/run.ts';
import { LeaseLost } from '../execution/stop.ts';
import { keepResult } from './keep-result.ts';
import { serverOf } from './skill-server.ts';
import type { Step } from '../store/rows/run.ts';

export interface ToolCall {
  /** Names the call within the run; a repeated attempt carries the same idempotency key. */
  readonly position: string;
  readonly skill: PlannedSkill;
  readonly tool: string;
  /** JSON. It may be large and slow to parse, and nobody here needs it parsed. */
  readonly arguments: string;
  readonly repeatable: boolean;
}

/** A call that was tried before is made again as it was, whatever the server lists by now. */
export function triedCall({ journal, run }: Execution, position: string): ToolCall | undefined {
  const step = journal.last(position);
  const skill = run.plan.skills.find(({ name }) => name === step?.skill);
  if (!step || !skill) return undefined;
  const { tool, repeatable } = step;
  return { position, skill, tool: tool!, arguments: step.arguments!, repeatable };
}

/**
 * Calls a tool at most once where that matters: what is about to be sent is committed first, so that after a crash
 * the next worker knows that it may have been sent. A call that is recorded as answered is not sent again.
 * The result is in the journal, to be committed by the caller.
 */
export async function callTool(x: Execution, call: ToolCall): Promise<ToolResult> {
  const last = x.journal.last(call.position);
  if (last?.status === 'succeeded') return resultOf(last);
  if (last?.status === 'started') {
    const problem = { code: 'interrupted', message: `No answer was recorded: ${NOT_RECORDED}.` };
    x.journal.fail(last, problem);
    if (hadItsShare(x, last)) throw retryOrFail(x, last, problem);
  }
  stopIfCancelled(x);
  using circuit = enterCircuit(x, call.skill, 'call', call.position);
  const server = await serverOf(x, call.skill);
  const step = x.journal.begin({
    kind: 'tool_call',
    position: call.position,
    repeatable: call.repeatable,
    skill: call.skill.name,
    tool: call.tool,
    arguments: call.arguments,
  });
  await x.journal.commit();
  // The commit may have taken longer than the lease lasts.
  if (!x.isHeld()) throw new LeaseLost();
  stopIfCancelled(x);
  try {
    const calling = x.mcp.callTool(server, {
      name: call.tool,
      arguments: call.arguments,
      idempotencyKey: idempotencyKey(x.run.id, call.position),
      // What may not be made again is not cut off either: its answer is worth waiting for.
      signal: call.repeatable ? AbortSignal.any([x.signal, x.cancelled]) : x.signal,
      ...x.trace,
    });
    const result = await circuit.watch(calling);
    const kept = keepResult(result, x.maxResultBytes);
    x.journal.succeed(step, kept.result, kept.cut);
    return resultOf(step);
  } catch (error) {
    throw stopForMcpFailure(x, step, error);
  }
}

function resultOf({ result }: Step): ToolResult {
  return parseExact(result!) as unknown as ToolResult;
}
