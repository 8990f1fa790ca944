import type { ToolResult } from '@agent-platform/mcp-client';
import type { Action } from '../events/plan.ts';
import { checkApproval } from '../policy/approval.ts';
import { callTool, triedCall, type ToolCall } from './call-tool.ts';
import type { Execution } from '../execution/execution.ts';
import { findTool } from './find-tool.ts';
import { render } from '../templates/render.ts';
import { failed } from '../execution/stop.ts';
import type { Outcome } from '../store/rows/run.ts';

const POSITION = 'call';
const MAX_SHOWN = 500;

/**
 * One tool, called directly. A result that reports an error fails the run: nobody is there to read it, and an
 * automation that does not work must be seen.
 */
export async function runToolCall(x: Execution, action: Action & { kind: 'tool_call' }): Promise<Outcome> {
  const result = await callTool(x, triedCall(x, POSITION) ?? (await prepareCall(x, action)));
  if (!result.isError) return { status: 'succeeded' };
  const message = `The tool answered with an error: ${firstText(result)}`;
  return { status: 'failed', error: { code: 'tool_reported_error', message } };
}

async function prepareCall(x: Execution, action: Action & { kind: 'tool_call' }): Promise<ToolCall> {
  const { skill, tool, repeatable } = await findTool(x, action);
  checkApproval(x.run.plan, skill, tool.name);
  const args = await render(x);
  const validation = await x.schemas.check({
    orgId: x.run.orgId,
    skillId: skill.id,
    schema: tool.inputSchema,
    args,
  });
  if (validation.kind === 'invalid') {
    throw failed(
      'arguments_invalid',
      `The arguments do not fit ${skill.name}/${tool.name}: ${validation.problems}. Correct the trigger's tool_call.`,
    );
  }
  if (validation.kind === 'unchecked') x.journal.warn(validation.warning);
  return { position: POSITION, skill, tool: tool.name, arguments: args, repeatable };
}

function firstText({ content }: ToolResult): string {
  const text = content.find((part) => typeof part.text === 'string')?.text as string | undefined;
  return text?.slice(0, MAX_SHOWN) ?? 'it says nothing more';
}
