import { isJsonObject } from '@agent-platform/json';
import type { Context } from './context.ts';
import type { Connection } from './dialects.ts';
import { McpError } from './errors.ts';
import { invalidResponse } from './failures.ts';
import type { Target } from './server.ts';
import { readToolResult, type ToolResult } from './tools.ts';

export interface ToolCall {
  readonly name: string;
  /** JSON of an object, sent as it is. */
  readonly arguments: string;
  /** Sent as the header `Idempotency-Key` and in `_meta`. The same for every attempt of one call. */
  readonly idempotencyKey: string;
  /** W3C trace context, passed on to the server. */
  readonly traceparent?: string;
  readonly signal?: AbortSignal;
}

/** @throws McpError; DialectRefusedError when the server does not understand this connection. */
export async function callOnce(
  context: Context,
  target: Target,
  connection: Connection,
  call: ToolCall,
  signal: AbortSignal,
): Promise<ToolResult> {
  const method = 'tools/call';
  const { name, idempotencyKey, traceparent } = call;
  const request = { method, params: { name }, argumentsJson: call.arguments, idempotencyKey, traceparent };
  const reply = await context.exchange(target, connection, request, signal);
  const failure = context.failureOf(reply, target, method);
  if (failure) throw failure;

  const resultType = isJsonObject(reply.result) ? reply.result.resultType : undefined;
  if (resultType === 'input_required') {
    const message = `The tool "${name}" asks for more input from a person, which this platform cannot give.`;
    throw new McpError('input_required', message, { sent: true, answered: true });
  }
  const isKnownType = resultType === undefined || resultType === 'complete';
  const result = isKnownType ? readToolResult(reply.result ?? null) : undefined;
  if (!result) throw invalidResponse('with something that is not the result of a tool', target, method);
  return result;
}
