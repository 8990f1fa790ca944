import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where requests go, by the first path that fits; `''` fits all. */
export type Upstreams = readonly (readonly [path: string, url: string])[];

export interface Router extends AsyncDisposable {
  readonly url: string;
}

/** Of one connection only (https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1). */
const HOP_BY_HOP = ['connection', 'keep-alive', 'expect', 'upgrade', 'te', 'proxy-connection'];

/**
 * One address for a cluster, so that what works on one machine works there: what a gateway does in production. It speaks
 * HTTP/1.1; gRPC clients go to management-api itself.
 *
 * @param port - 0: any free one.
 */
export async function startRouter(port: number, upstreams: Upstreams): Promise<Router> {
  const server = createServer((incoming, response) => {
    const path = incoming.url!.split('?', 1)[0]!;
    const [, upstream] = upstreams.find(([prefix]) => path.startsWith(prefix))!;
    pass(incoming, response, upstream);
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

function pass(incoming: IncomingMessage, response: ServerResponse, upstream: string): void {
  const { method, url } = incoming;
  // A connection for each request: so each can go to another process, and none meets one that a restart has cut.
  const outgoing = request(`${upstream}${url}`, { method, headers: without(incoming.headers), agent: false });
  outgoing.on('response', (answer) => {
    response.writeHead(answer.statusCode!, without(answer.headers));
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  outgoing.on('error', () => {
    if (response.headersSent) return response.destroy();
    const body = { title: 'Service Unavailable', status: 503, code: 'unavailable', detail: 'Try again.' };
    response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '1' });
    response.end(JSON.stringify(body));
  });
  response.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

function without(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}
