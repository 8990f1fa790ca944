import { createOutbound, startDeadline, type Resolve } from '@agent-platform/outbound';
import { createSingleFlight } from '@agent-platform/concurrency';
import type { Logger } from '@agent-platform/telemetry';
import { LRUCache } from 'lru-cache';
import { Connections } from './connections.ts';
import type { Context } from './context.ts';
import { isWorthRepeating, type Contact } from './discovery.ts';
import { beforeCall } from './errors.ts';
import { failureOf } from './failures.ts';
import { inTime } from './in-time.ts';
import { listAllTools } from './listing.ts';
import { withAuthorization } from './oauth/authorized-exchange.ts';
import { Tokens } from './oauth/tokens.ts';
import { exchange } from './rpc.ts';
import { targetOf, type McpServer, type Target } from './server.ts';
import { callOnce, type ToolCall } from './tool-call.ts';
import type { Tool, ToolResult } from './tools.ts';

export interface McpTimeouts {
  /** Milliseconds for a connection to be there, TLS included. */
  readonly connectMs: number;
  /** Milliseconds for a list of tools, all its pages and finding out the dialect included; also for an access token. */
  readonly listMs: number;
  /** Milliseconds for a call of a tool. */
  readonly callMs: number;
}

const DEFAULT_TIMEOUTS: McpTimeouts = { connectMs: 5_000, listMs: 15_000, callMs: 60_000 };
const MAX_CACHED_LISTS = 100;
const MAX_CACHED_BYTES = 256 * 1024;

export interface McpClientOptions {
  /** Ranges such as `10.0.0.0/8` that may be called although they are not public. */
  readonly allowedAddresses: readonly string[];
  readonly timeouts?: Partial<McpTimeouts>;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly resolve?: Resolve;
}

export interface ListToolsOptions {
  /** W3C trace context, passed on to the server. */
  readonly traceparent?: string;
  readonly signal?: AbortSignal;
}

export interface McpClient extends AsyncDisposable {
  /** Those who ask for the same at the same time share one list. @throws McpError */
  listTools(server: McpServer, options?: ListToolsOptions): Promise<readonly Tool[]>;
  /**
   * Calls a tool, and repeats the call only where the server certainly refused it before acting (a lost session).
   *
   * @throws McpError, whose `sent` and `answered` are about this call and not about what had to be asked before it.
   */
  callTool(server: McpServer, call: ToolCall): Promise<ToolResult>;
}

/**
 * A client for MCP servers of any age, see `dialects.ts`. Keeps connections alive until it is disposed; uses no proxy,
 * follows no redirect and connects to allowed addresses only.
 *
 * @throws AppError `address_range_invalid`
 */
export function createMcpClient(o: McpClientOptions): McpClient {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...o.timeouts };
  const { allowedAddresses, resolve } = o;
  const connectTimeoutMs = timeouts.connectMs;
  const outbound = createOutbound({ allowedAddresses, connectTimeoutMs, ...(resolve && { resolve }) });
  const now = o.now ?? Date.now;
  const { logger } = o;
  const tokens = new Tokens({ outbound, logger, now, timeoutMs: timeouts.listMs });
  const context: Context = {
    logger,
    exchange: withAuthorization((...request) => exchange(outbound, ...request), tokens),
    failureOf: (reply, target, method) => failureOf(reply, target, method, now()),
  };
  const connections = new Connections(context, timeouts.listMs);
  const listOnce = createSingleFlight<readonly Tool[]>();
  const lists = new LRUCache<string, { tools: readonly Tool[]; freshUntilMs: number }>({ max: MAX_CACHED_LISTS });

  async function list(target: Target, { connection, firstPage }: Contact, signal: AbortSignal, traceparent?: string) {
    const { tools, ttlMs, bytes } = await listAllTools(context, target, connection, { firstPage, signal, traceparent });
    if (ttlMs > 0 && bytes <= MAX_CACHED_BYTES) lists.set(target.key, { tools, freshUntilMs: now() + ttlMs });
    else lists.delete(target.key);
    return tools;
  }

  /** Not with the signal of whoever asked first: others wait for the same. */
  async function listNow(target: Target, traceparent: string | undefined): Promise<readonly Tool[]> {
    using deadline = startDeadline(timeouts.listMs);
    const { signal } = deadline;
    return await connections.use(
      target,
      () => connections.contact(target, signal, traceparent),
      (contact) => list(target, contact, signal, traceparent),
      () => true,
    );
  }

  return {
    async listTools(server, { signal: outer, traceparent } = {}) {
      const target = targetOf(server, outbound.rules);
      const cached = lists.get(target.key);
      if (cached && cached.freshUntilMs > now()) return cached.tools;
      using deadline = startDeadline(timeouts.listMs, outer);
      return await inTime(
        listOnce(target.key, () => listNow(target, traceparent)),
        deadline.signal,
        target,
        'tools/list',
      );
    },

    async callTool(server, call) {
      const target = targetOf(server, outbound.rules);
      using deadline = startDeadline(timeouts.callMs, call.signal);
      const { signal } = deadline;
      const connect = async () => {
        try {
          const contact = await connections.contact(target, signal, call.traceparent);
          // A modern server wants to see some arguments as headers; which ones stands in its list.
          if (contact.connection.dialect === 'modern' && !contact.connection.toolHeaders) {
            await list(target, contact, signal, call.traceparent);
          }
          return contact;
        } catch (error) {
          throw beforeCall(error);
        }
      };
      const work = ({ connection }: Contact) => callOnce(context, target, connection, call, signal);
      return await connections.use(target, connect, work, isWorthRepeating);
    },

    async [Symbol.asyncDispose]() {
      await outbound[Symbol.asyncDispose]();
    },
  };
}
