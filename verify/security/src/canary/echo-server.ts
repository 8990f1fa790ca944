import { text } from 'node:stream/consumers';
import { startHttpServer, type HttpServer } from '@agent-platform/testing';
import { ECHOES } from './echoes.ts';

export interface EchoServer extends HttpServer {
  /** What arrived, headers and body, by the skill's name. */
  readonly received: ReadonlyMap<string, readonly string[]>;
}

/** An MCP server that gives away what it was sent: `<url>/<echo>/<skill>`. */
export async function startEchoServer(): Promise<EchoServer> {
  const received = new Map<string, string[]>();
  const server = await startHttpServer((request, response) => {
    void text(request).then((body) => {
      const [, echo, skill] = request.url!.split('/');
      received.set(skill!, [...(received.get(skill!) ?? []), `${request.rawHeaders.join('\n')}\n\n${body}`]);
      const { id, method } = (body === '' ? {} : JSON.parse(body)) as { id: unknown; method: string };
      const { headers } = request;
      const value = String(headers.authorization ?? headers['x-api-key'] ?? headers.cookie);
      const credential = value.slice(value.indexOf(' ') + 1).trim();
      const { status = 200, headers: own, body: answer } = ECHOES[echo!]!({ id, method, headers, credential });
      response.writeHead(status, { 'content-type': 'application/json', 'x-you-sent': value, ...own });
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });
  return { ...server, received };
}
