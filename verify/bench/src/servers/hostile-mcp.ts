import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { childConfig, endWithParent, tell } from '../processes/child.ts';

/** An MCP server that nobody would like to share a platform with. */
export interface HostileServerConfig {
  /** Before it answers a call. */
  readonly delayMs: number;
  /** With every list another schema, each of which takes for ever to check. */
  readonly hostileSchemas: boolean;
}

interface Request {
  readonly id: number;
  readonly method: string;
}

endWithParent();
const { delayMs, hostileSchemas } = childConfig<HostileServerConfig>();
let lists = 0;

function tools(): object[] {
  const inputSchema = hostileSchemas
    ? { type: 'object', title: `${++lists}`, properties: { note: { type: 'string', pattern: `^(x+)+[y${lists}]$` } } }
    : { type: 'object' };
  return [{ name: 'book', inputSchema, annotations: { idempotentHint: true } }];
}

async function answer({ method }: Request): Promise<object> {
  if (method === 'tools/list') return { result: { tools: tools() } };
  if (method !== 'tools/call') return { error: { code: -32601, message: 'Method not found' } };
  await sleep(delayMs);
  return { result: { content: [{ type: 'text', text: 'booked' }] } };
}

const server = createServer((request, response) => {
  void json(request).then(async (body) => {
    const { id } = body as Request;
    const text = JSON.stringify({ jsonrpc: '2.0', id, ...(await answer(body as Request)) });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
});
server.listen(0, '127.0.0.1', () => {
  tell({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp` });
});
