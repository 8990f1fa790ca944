import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '@agent-platform/harness';

export type Tool = 'book' | 'lookup' | 'upsert';

/** A `tools/call` as it arrived. */
export interface Call {
  readonly tool: Tool;
  /** The payload's id, by way of the trigger's arguments. */
  readonly id: string;
  readonly key: string;
  /** The key in `_meta` and in the header are the same. */
  readonly keysAgree: boolean;
  readonly atMs: number;
}

/** An MCP server that remembers everything. It lives with the harness, so that no fault reaches it. */
export interface Canary extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly calls: readonly Call[];
  /** Calls that have not been answered. */
  readonly underWay: ReadonlySet<Call>;
}

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params?: {
    readonly name: Tool;
    readonly arguments: { readonly id: string; readonly slow_ms: number };
    readonly _meta?: Readonly<Record<string, unknown>>;
  };
}

const inputSchema = {
  type: 'object',
  properties: { id: { type: 'string' }, slow_ms: { type: 'number' } },
  required: ['id', 'slow_ms'],
};
const TOOLS = [
  { name: 'book', description: 'Books an order; never to be done twice.', inputSchema, annotations: {} },
  { name: 'lookup', description: 'Looks an order up.', inputSchema, annotations: { readOnlyHint: true } },
  { name: 'upsert', description: 'Saves an order.', inputSchema, annotations: { idempotentHint: true } },
];

export async function startCanary(random: Random): Promise<Canary> {
  const token = 'canary-token';
  const calls: Call[] = [];
  const underWay = new Set<Call>();
  /** What `upsert` has done, by key: the same key gets the same answer and changes nothing. */
  const saved = new Map<string, string>();

  async function callTool(request: IncomingMessage, { params }: Request): Promise<string> {
    const { name, arguments: args, _meta } = params!;
    const key = String(request.headers['idempotency-key'] ?? '');
    const keysAgree = Object.values(_meta ?? {}).includes(key);
    const call: Call = { tool: name, id: args.id, key, keysAgree, atMs: Date.now() };
    calls.push(call);
    underWay.add(call);
    // Nothing is written to somebody who has gone, but what was asked for is done all the same.
    await sleep(random.between(2, 20) + args.slow_ms);
    underWay.delete(call);
    if (name !== 'upsert') return `${name} ${args.id}`;
    if (!saved.has(key)) saved.set(key, `saved as no. ${saved.size + 1}`);
    return saved.get(key)!;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.method !== 'POST') return void send(405, {});
    const message = (await json(request)) as Request;
    const reply = { jsonrpc: '2.0', id: message.id };
    if (request.headers.authorization !== `Bearer ${token}`) {
      return void send(401, { ...reply, error: { code: -32000, message: 'Unauthorized' } });
    }
    if (message.method === 'tools/list') return void send(200, { ...reply, result: { tools: TOOLS } });
    if (message.method === 'tools/call') {
      const text = await callTool(request, message);
      return void send(200, { ...reply, result: { content: [{ type: 'text', text }] } });
    }
    send(200, { ...reply, error: { code: -32601, message: 'Method not found' } });
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  // A connection that the server lets go of looks to its client like a call that was cut.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    token,
    calls,
    underWay,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
