import type { ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { LOOPBACK_ADDRESSES } from '@agent-platform/outbound';
import type { JsonObject, JsonValue } from '@agent-platform/json';
import { createLogger, type Logger } from '@agent-platform/telemetry';
import { startHttpServer, type HttpServer, type RecordedRequest } from '@agent-platform/testing';
import { createMcpClient, type McpClient, type McpClientOptions } from '../src/index.ts';

export type Script = (
  request: RecordedRequest & { readonly rpc: string },
  answer: ScriptedAnswer,
) => void | Promise<void>;

export interface ScriptedAnswer {
  readonly res: ServerResponse;
  json(status: number, body: JsonValue, headers?: Record<string, string>): void;
  result(result: JsonValue): void;
  error(status: number, code: number, message?: string, data?: JsonValue): void;
}

export interface ScriptedServer extends HttpServer {
  readonly requests: RecordedRequest[];
  /** The JSON-RPC methods asked for, oldest first. */
  readonly methods: string[];
}

export const MODERN_LIST = { resultType: 'complete', tools: [{ name: 'pay', inputSchema: { type: 'object' } }] };

/** A server whose every answer the test decides. */
export async function startScripted(script: Script): Promise<ScriptedServer> {
  const requests: RecordedRequest[] = [];
  const methods: string[] = [];
  const server = await startHttpServer((req, res) => {
    void (async () => {
      const body = (await json(req)) as JsonObject;
      const request = { method: req.method!, headers: req.headers, body, rpc: body.method as string };
      requests.push(request);
      methods.push(request.rpc);
      const answer: ScriptedAnswer = {
        res,
        json: (status, value, headers) =>
          void res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value)),
        result: (result) => answer.json(200, { jsonrpc: '2.0', id: body.id ?? null, result }),
        error: (status, code, message = 'no', data = null) =>
          answer.json(status, { jsonrpc: '2.0', id: body.id ?? null, error: { code, message, data } }),
      };
      await script(request, answer);
    })();
  });
  return { ...server, requests, methods };
}

export function createTestClient(o: Partial<McpClientOptions> = {}): McpClient {
  return createMcpClient({ allowedAddresses: LOOPBACK_ADDRESSES, logger: silent, ...o });
}

export const silent: Logger = createLogger({ level: 'silent', service: 'test' });

/** Calls the tool `pay` with one euro. */
export function pay(
  client: McpClient,
  url: string,
  o: { signal?: AbortSignal; headers?: Record<string, string> } = {},
) {
  const { signal, headers = {} } = o;
  const call = { name: 'pay', arguments: '{"euros":1}', idempotencyKey: 'key-1', ...(signal && { signal }) };
  return client.callTool({ url, headers }, call);
}
