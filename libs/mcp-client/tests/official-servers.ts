import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { startEverythingServer, startHttpServer, type HttpServer, type RecordedRequest } from '@agent-platform/testing';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server as ServerV2 } from '@modelcontextprotocol/server';
import { Server as ServerV1 } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, isInitializeRequest, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import express from 'express';

export interface CountingServer extends HttpServer {
  readonly requests: RecordedRequest[];
  /** Forgets all sessions, as a restart does. */
  readonly restart: () => void;
}

const INFO = { name: 'official', version: '1.0.0' };

const ECHO = {
  name: 'echo',
  description: 'Says it again',
  inputSchema: {
    type: 'object' as const,
    properties: { message: { type: 'string' as const, 'x-mcp-header': 'Message' } },
  },
};

function say(args: Record<string, unknown> | undefined) {
  return { content: [{ type: 'text' as const, text: `Echo: ${String(args?.message)}` }] };
}

function createV1() {
  const server = new ServerV1(INFO, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [ECHO] }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => say(params.arguments));
  return server;
}

/** The SDK's own recipe for servers with sessions. */
export async function startV1Stateful(): Promise<CountingServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  return await count(
    async (req, res) => {
      const body = (req as unknown as { body: unknown }).body;
      const id = req.headers['mcp-session-id'] as string | undefined;
      let transport = id === undefined ? undefined : sessions.get(id);
      if (!transport && id === undefined && isInitializeRequest(body)) {
        transport = new StreamableHTTPServerTransport({
          sessionIdGenerator: randomUUID,
          onsessioninitialized: (session) => void sessions.set(session, transport!),
        });
        await createV1().connect(transport);
      }
      if (transport) return transport.handleRequest(req, res, body);
      const error = { code: -32000, message: 'Bad Request: No valid session ID provided' };
      res.writeHead(id === undefined ? 400 : 404, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
    },
    () => sessions.clear(),
  );
}

export async function startV1Stateless(): Promise<CountingServer> {
  return await count(async (req, res) => {
    const transport = new StreamableHTTPServerTransport({});
    await createV1().connect(transport);
    await transport.handleRequest(req, res, (req as unknown as { body: unknown }).body);
  });
}

export async function startV2(legacy: 'stateless' | 'reject'): Promise<CountingServer> {
  const handler = createMcpHandler(
    () => {
      const server = new ServerV2(INFO, { capabilities: { tools: {} } });
      server.setRequestHandler('tools/list', () => ({ tools: [ECHO], ttlMs: 0, cacheScope: 'private' as const }));
      server.setRequestHandler('tools/call', ({ params }) => say(params.arguments));
      return server;
    },
    { legacy },
  );
  const handle = toNodeHandler(handler);
  return await count((req, res) => {
    const request = req as unknown as Parameters<typeof handle>[0] & { body: unknown };
    return handle(request, res, request.body);
  });
}

/** The reference server, with a proxy before it that counts. */
export async function startEverything(): Promise<CountingServer> {
  const everything = await startEverythingServer();
  const proxy = await count(async (req, res) => {
    const headers = Object.entries(req.headers).filter(
      ([name]) => !['host', 'connection', 'content-length'].includes(name),
    );
    const body = JSON.stringify((req as unknown as { body: unknown }).body);
    const answer = await fetch(everything.url, { method: 'POST', headers: headers as [string, string][], body });
    res.writeHead(answer.status, Object.fromEntries(answer.headers));
    res.end(Buffer.from(await answer.arrayBuffer()));
  });
  return {
    ...proxy,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await everything[Symbol.asyncDispose]();
    },
  };
}

async function count(
  handle: (...request: Parameters<RequestListener>) => unknown,
  restart: () => void = () => undefined,
): Promise<CountingServer> {
  const requests: RecordedRequest[] = [];
  const app = express();
  app.use(express.json());
  app.use(async (req, res) => {
    requests.push({ method: req.method, headers: req.headers, body: req.body as RecordedRequest['body'] });
    await handle(req, res);
  });
  const server = await startHttpServer(app);
  return { ...server, url: `${server.url}/mcp`, requests, restart };
}
