import { isJsonObject } from '@agent-platform/json';
import type { ToolModelMessage, ToolResultPart } from 'ai';
import type { Turn } from './models.ts';
import { checkApproval } from '../policy/approval.ts';
import { callTool, triedCall, type ToolCall } from '../tools/call-tool.ts';
import type { Execution } from '../execution/execution.ts';
import { outputOf, type Output } from './model-output.ts';
import type { OfferedTool } from '../tools/skill-server.ts';
import { RunStop } from '../execution/stop.ts';
import type { Problem } from '../store/rows/run.ts';

/** Failures the model is told of, to do better; every other failure ends the run or its attempt. */
const TOLD_TO_MODEL = new Set(['tool_not_found', 'arguments_invalid', 'rpc_error', 'input_required']);

/**
 * Does what the model wants, as far as policy allows: only tools of the agent's skills, only with arguments their
 * schema takes, and nothing at all in a turn that wants a tool somebody would have to approve. One after the other:
 * the journal keeps their order.
 */
export async function answerToolCalls(
  x: Execution,
  turnNumber: number,
  turn: Turn,
  named: ReadonlyMap<string, OfferedTool>,
): Promise<ToolModelMessage> {
  for (const { name } of turn.calls) {
    const offered = named.get(name);
    if (offered) checkApproval(x.run.plan, offered.skill, offered.tool.name);
  }
  const content: ToolResultPart[] = [];
  for (const [index, call] of turn.calls.entries()) {
    const output = await answer(x, `turn:${turnNumber}:call:${index + 1}`, call, named.get(call.name));
    content.push({ type: 'tool-result', toolCallId: call.id, toolName: call.name, output });
    await x.journal.commit();
  }
  return { role: 'tool', content };
}

async function answer(
  x: Execution,
  position: string,
  call: Turn['calls'][number],
  offered: OfferedTool | undefined,
): Promise<Output> {
  const told = x.journal.last(position)?.error;
  if (told && TOLD_TO_MODEL.has(told.code)) return { type: 'error-text', value: told.message };
  const tried = triedCall(x, position);
  if (tried) return make(x, tried);
  if (!offered) {
    const message = `There is no tool ${call.name}. Use only the tools you were given.`;
    return refuse(x, position, call, undefined, { code: 'tool_not_found', message });
  }
  if (!isJsonObject(call.input)) {
    const message = 'The arguments are not a JSON object. The tool was not called.';
    return refuse(x, position, call, offered, { code: 'arguments_invalid', message });
  }
  const args = JSON.stringify(call.input);
  const validation = await x.schemas.check({
    orgId: x.run.orgId,
    skillId: offered.skill.id,
    schema: offered.tool.inputSchema,
    args,
  });
  if (validation.kind === 'invalid') {
    const message = `The arguments are wrong: ${validation.problems}. The tool was not called.`;
    return refuse(x, position, call, offered, { code: 'arguments_invalid', message });
  }
  if (validation.kind === 'unchecked') x.journal.warn(validation.warning);
  const { skill, tool, repeatable } = offered;
  return make(x, { position, skill, tool: tool.name, arguments: args, repeatable });
}

async function make(x: Execution, call: ToolCall): Promise<Output> {
  try {
    return outputOf(await callTool(x, call));
  } catch (error) {
    const problem = error instanceof RunStop && error.outcome.status === 'failed' ? error.outcome.error : undefined;
    if (problem && TOLD_TO_MODEL.has(problem.code)) return { type: 'error-text', value: problem.message };
    throw error;
  }
}

/** Answers the model in the server's stead, and keeps a record of what it wanted. */
function refuse(
  { journal }: Execution,
  position: string,
  call: Turn['calls'][number],
  offered: OfferedTool | undefined,
  problem: Problem,
): Output {
  const step = journal.begin({
    kind: 'tool_call',
    position,
    repeatable: true,
    skill: offered?.skill.name ?? null,
    tool: offered?.tool.name ?? call.name,
    arguments: isJsonObject(call.input) ? JSON.stringify(call.input) : null,
  });
  journal.fail(step, problem);
  return { type: 'error-text', value: problem.message };
}
