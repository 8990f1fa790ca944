import { McpError, type McpServer, type Tool, type ToolCall, type ToolResult } from '@agent-platform/mcp-client';
import { parseExact, type JsonObject } from '@agent-platform/json';
import type { Mcp } from '../../src/execution/execution.ts';

export type FakeCall = Omit<ToolCall, 'arguments'> & { readonly server: McpServer; readonly arguments: JsonObject };

/** As a test writes it. */
export type FakeResult = Partial<ToolResult>;

export interface FakeMcp extends Mcp {
  readonly calls: FakeCall[];
  readonly lists: McpServer[];
  tools: Record<string, Tool[]>;
  /** What a call answers; index counts from 0. */
  onCall: (call: FakeCall, index: number) => FakeResult | Promise<FakeResult>;
  onList: (server: McpServer, index: number) => void | Promise<void>;
}

export function createFakeMcp(tools: Record<string, Tool[]>): FakeMcp {
  const fake: FakeMcp = {
    calls: [],
    lists: [],
    tools,
    onCall: () => ({ content: [{ type: 'text', text: 'done' }] }),
    onList: () => undefined,
    async listTools(server) {
      fake.lists.push(server);
      await fake.onList(server, fake.lists.length - 1);
      return fake.tools[server.url] ?? [];
    },
    async callTool(server, o) {
      const call = { ...o, server, arguments: parseExact(o.arguments) as JsonObject };
      fake.calls.push(call);
      return { content: [], isError: false, ...(await fake.onCall(call, fake.calls.length - 1)) };
    },
  };
  return fake;
}

export const mcpFault = {
  refused: () => new McpError('credential_refused', 'refused (HTTP 401).', { sent: true, answered: true, status: 401 }),
  unreachable: () => new McpError('connection_failed', 'could not be reached.', { sent: false, answered: false }),
  broken: () => new McpError('connection_failed', 'broke the connection.', { sent: true, answered: false }),
  timeout: () => new McpError('timeout', 'did not answer in time.', { sent: true, answered: false }),
  server: (retryAfterMs?: number) =>
    new McpError('server_error', 'failed (HTTP 503).', {
      sent: true,
      answered: true,
      status: 503,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    }),
  rpc: () => new McpError('rpc_error', 'JSON-RPC error -32602: no such invoice.', { sent: true, answered: true }),
};

export const tool = (name: string, more: Partial<Tool> = {}): Tool => ({
  name,
  description: `Does ${name}.`,
  inputSchema: { type: 'object' },
  annotations: {},
  ...more,
});

/** A call that answers only when it is told to, or is aborted. */
export function blockedCall(): {
  onCall: FakeMcp['onCall'];
  started: Promise<void>;
  answer: (r: FakeResult) => void;
} {
  const started = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<FakeResult>();
  return {
    started: started.promise,
    answer: answered.resolve,
    onCall: ({ signal }) => {
      started.resolve();
      signal!.addEventListener('abort', () =>
        answered.reject(new McpError('cancelled', 'cancelled.', { sent: true, answered: false })),
      );
      return answered.promise;
    },
  };
}

/** A call that is never answered and does not hear of an abort: as when the process dies. */
export const never = (): Promise<never> => new Promise<never>(() => undefined);
