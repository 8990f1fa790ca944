import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { json } from 'node:stream/consumers';
import { machineMs } from '../clock.ts';
import { childConfig, endWithParent, tell } from '../processes/child.ts';

/** An MCP server that costs as little as possible and notes when it was called. */
export interface McpServerConfig {
  /** The highest number an event may have. */
  readonly events: number;
}

/** What it answers to every message. */
export interface Arrivals {
  /** When the tool was first called for each event, by its number; 0 where it was not. By `machineMs`. */
  readonly atMs: Float64Array;
  readonly calls: number;
}

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params?: { readonly arguments?: { readonly n?: string } };
}

endWithParent();
const atMs = new Float64Array(childConfig<McpServerConfig>().events);
let calls = 0;
let highest = -1;

const TOOLS = [{ name: 'book', inputSchema: { type: 'object' }, annotations: { idempotentHint: true } }];

function answer({ method, params }: Request): object {
  if (method === 'tools/list') return { result: { tools: TOOLS } };
  if (method !== 'tools/call') return { error: { code: -32601, message: 'Method not found' } };
  calls++;
  const n = Number(params?.arguments?.n ?? NaN);
  if (n < atMs.length) {
    atMs[n] ||= machineMs();
    highest = Math.max(highest, n);
  }
  return { result: { content: [{ type: 'text', text: 'booked' }] } };
}

const server = createServer((request, response) => {
  void json(request).then((body) => {
    const { id } = body as Request;
    const text = JSON.stringify({ jsonrpc: '2.0', id, ...answer(body as Request) });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
});
server.listen(0, '127.0.0.1', () => {
  tell({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp` });
});
process.on('message', ({ forget }: { forget?: boolean }) => {
  if (forget) {
    atMs.fill(0);
    calls = 0;
    highest = -1;
  }
  tell({ atMs: atMs.slice(0, highest + 1), calls } satisfies Arrivals);
});
