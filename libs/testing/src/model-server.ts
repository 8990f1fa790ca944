import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { JsonObject } from '@agent-platform/json';
import { startHttpServer } from './mcp/http-server.ts';

/** What the model says next. */
export interface ModelAnswer {
  readonly text?: string;
  readonly toolCalls?: readonly {
    readonly id?: string;
    readonly name: string;
    readonly arguments: JsonObject | string;
  }[];
  readonly finishReason?: 'length' | 'content_filter';
  /** Answers an error instead: an HTTP status of 400 or above. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request as the provider's API defines it, with its headers. */
export interface ModelRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: JsonObject;
}

export interface ModelServer extends AsyncDisposable {
  /** For OPENAI_BASE_URL. */
  readonly openaiUrl: string;
  /** For ANTHROPIC_BASE_URL. */
  readonly anthropicUrl: string;
  readonly requests: readonly ModelRequest[];
}

/** Decides the next answer; a promise that never settles is a model that never answers. */
export type ModelScript = (request: ModelRequest, index: number) => ModelAnswer | Promise<ModelAnswer>;

/**
 * A model provider that says what it is told to: OpenAI's chat completions and Anthropic's messages, without streaming.
 *
 * @param script - answers in order, the last one again and again, or a function.
 */
export async function startModelServer(script: readonly ModelAnswer[] | ModelScript): Promise<ModelServer> {
  const answerTo: ModelScript =
    typeof script === 'function' ? script : (_request, index) => script[Math.min(index, script.length - 1)]!;
  const requests: ModelRequest[] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const received = { path, headers: request.headers, body: (await json(request)) as JsonObject };
    const index = requests.push(received) - 1;
    const answer = await answerTo(received, index);
    const send = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json', ...answer.headers }).end(JSON.stringify(body));
    if (answer.status)
      return void send(answer.status, { error: { type: 'test_error', message: 'as the script says' } });
    if (path === '/v1/chat/completions') return void send(200, chatCompletion(answer, index));
    if (path === '/v1/messages') return void send(200, anthropicMessage(answer, index));
    send(404, { error: { type: 'not_found', message: path } });
  }

  const server = await startHttpServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  return {
    openaiUrl: `${server.url}/v1`,
    anthropicUrl: server.url,
    requests,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** https://platform.openai.com/docs/api-reference/chat/object */
function chatCompletion({ text, toolCalls = [], finishReason }: ModelAnswer, index: number) {
  const calls = toolCalls.map(({ id, name, arguments: args }, call) => ({
    id: id ?? `call_${index}_${call}`,
    type: 'function',
    function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
  }));
  return {
    id: `chatcmpl-${index}`,
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'scripted',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text ?? null, ...(calls.length > 0 && { tool_calls: calls }) },
        finish_reason: finishReason ?? (calls.length > 0 ? 'tool_calls' : 'stop'),
      },
    ],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  };
}

/** https://docs.anthropic.com/en/api/messages. A `content_filter` is a `refusal` there. */
function anthropicMessage({ text, toolCalls = [], finishReason }: ModelAnswer, index: number) {
  const calls = toolCalls.map(({ id, name, arguments: args }, call) => ({
    type: 'tool_use',
    id: id ?? `toolu_${index}_${call}`,
    name,
    input: args,
  }));
  const reasons = { length: 'max_tokens', content_filter: 'refusal' };
  return {
    id: `msg_${index}`,
    type: 'message',
    role: 'assistant',
    model: 'scripted',
    content: [...(text === undefined ? [] : [{ type: 'text', text }]), ...calls],
    stop_reason: finishReason ? reasons[finishReason] : calls.length > 0 ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 5 },
  };
}
