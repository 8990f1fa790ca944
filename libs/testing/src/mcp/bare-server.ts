import type { JsonObject, JsonValue } from '@agent-platform/json';
import express from 'express';
import { startHttpServer, type HttpServer, type RecordedRequest } from './http-server.ts';

export interface BareTool {
  readonly description: string;
  readonly inputSchema?: JsonObject;
  readonly annotations?: JsonObject;
  /** @returns the text that the tool answers. */
  readonly run: (args: JsonObject) => string | Promise<string>;
}

export interface BareServer extends HttpServer {
  /** Every request, refused ones too, oldest first. */
  readonly requests: readonly RecordedRequest[];
}

/**
 * The server that the authentication document shows: its validation of the token, and a handler that knows
 * `tools/list` and `tools/call` and nothing else. It speaks plain JSON-RPC; no MCP library does.
 */
export async function startBareServer(o: {
  token: string;
  tools: Readonly<Record<string, BareTool>>;
}): Promise<BareServer> {
  const requests: RecordedRequest[] = [];
  const app = express();
  app.use(express.json({ limit: '10mb' }));
  app.use((req, _res, next) => {
    requests.push({ method: req.method, headers: req.headers, body: req.body as JsonObject | undefined });
    next();
  });
  app.use('/mcp', (req, res, next) => {
    const token = req.headers.authorization?.replace('Bearer ', '');
    if (token !== o.token) {
      return res.status(401).json({ jsonrpc: '2.0', error: { code: -32000, message: 'Unauthorized' } });
    }
    next();
  });
  app.post('/mcp', async (req, res) => {
    const { id, method, params } = req.body as { id: JsonValue; method: string; params?: JsonObject };
    if (method === 'tools/list') return res.json({ jsonrpc: '2.0', id, result: { tools: describe(o.tools) } });
    const tool = method === 'tools/call' ? o.tools[params?.name as string] : undefined;
    if (!tool) return res.json({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });
    const text = await tool.run((params?.arguments ?? {}) as JsonObject);
    res.json({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });
  });
  const server = await startHttpServer(app);
  return { ...server, url: `${server.url}/mcp`, requests, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function describe(tools: Readonly<Record<string, BareTool>>): JsonObject[] {
  return Object.entries(tools).map(([name, { description, inputSchema = { type: 'object' }, annotations = {} }]) => ({
    name,
    description,
    inputSchema,
    annotations,
  }));
}
