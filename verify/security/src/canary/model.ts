import { text } from 'node:stream/consumers';
import { startHttpServer, type HttpServer } from '@agent-platform/testing';

export interface Model extends HttpServer {
  /** What it was asked; without headers, in which its key belongs. */
  readonly received: readonly string[];
}

interface Asked {
  readonly model: string;
  readonly messages: readonly { role: string; content: unknown }[];
  readonly tools?: readonly { function: { name: string } }[];
}

/** Calls every tool it is offered and repeats all it was told; as model `refusing` it refuses its key, and quotes it. */
export async function startModel(): Promise<Model> {
  const received: string[] = [];
  const server = await startHttpServer((request, response) => {
    void text(request).then((body) => {
      received.push(body);
      const { model, messages, tools = [] } = JSON.parse(body) as Asked;
      const send = (status: number, answer: object) =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      if (model === 'refusing') {
        const key = request.headers.authorization;
        return send(401, { error: { type: 'invalid_request_error', message: `Incorrect API key provided: ${key}` } });
      }
      const isDone = messages.some(({ role }) => role === 'tool');
      const calls = tools.map(({ function: { name } }, n) => ({
        id: `call_${n}`,
        type: 'function',
        function: { name, arguments: JSON.stringify({ id: 'asked by the model' }) },
      }));
      const message = isDone
        ? { role: 'assistant', content: body }
        : { role: 'assistant', content: null, tool_calls: calls };
      send(200, {
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1_700_000_000,
        model,
        choices: [{ index: 0, message, finish_reason: isDone ? 'stop' : 'tool_calls' }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      });
    });
  });
  return { ...server, received };
}
