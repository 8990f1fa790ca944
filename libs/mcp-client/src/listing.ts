import { isJsonObject, numberOf, type JsonObject, type JsonValue } from '@agent-platform/json';
import type { Context } from './context.ts';
import type { Connection } from './dialects.ts';
import { McpError } from './errors.ts';
import { invalidResponse } from './failures.ts';
import { headerParametersOf, type HeaderParameter } from './param-headers.ts';
import type { Reply } from './reply.ts';
import type { Target } from './server.ts';
import { readTool, type Tool } from './tools.ts';

const MAX_PAGES = 50;
const MAX_TOOLS = 1_000;

/** However long a server says its list is good for. Milliseconds. */
const MAX_TTL_MS = 60 * 60 * 1000;

/** All tools of a server. */
export interface Listing {
  readonly tools: readonly Tool[];
  /** How long the list may be used again without asking. Milliseconds; 0 where the server does not say. */
  readonly ttlMs: number;
  readonly bytes: number;
}

/**
 * Reads all pages of a server's tools; on a modern connection also what later calls need to know of them.
 *
 * @throws McpError; DialectRefusedError when the server does not understand this connection.
 */
export async function listAllTools(
  context: Context,
  target: Target,
  connection: Connection,
  o: { firstPage: Reply | undefined; signal: AbortSignal; traceparent: string | undefined },
): Promise<Listing> {
  const tools = new Map<string, Tool>();
  const toolHeaders = new Map<string, readonly HeaderParameter[]>();
  let ttlMs = connection.dialect === 'modern' ? MAX_TTL_MS : 0;
  let bytes = 0;
  let reply = o.firstPage;
  let cursor: JsonValue | undefined;

  for (let pages = 0; pages < MAX_PAGES; pages++) {
    reply ??= await requestPage(context, target, connection, cursor, o);
    const page = readPage(reply, target);
    for (const tool of (page.tools as JsonValue[]).map(readTool)) {
      if (!tool) throw invalidResponse('with a tool that has no name', target, 'tools/list');
      const parameters = connection.dialect === 'modern' ? headerParametersOf(tool.inputSchema) : [];
      if (!parameters) {
        context.logger.warn(
          { mcp_origin: target.url.origin, tool: tool.name },
          'left out an MCP tool: its x-mcp-header annotations break the rules',
        );
        continue;
      }
      if (!tools.has(tool.name)) tools.set(tool.name, tool);
      if (parameters.length > 0) toolHeaders.set(tool.name, parameters);
    }
    if (tools.size > MAX_TOOLS) break;
    bytes += reply.bytes;
    ttlMs = Math.min(ttlMs, Math.max(0, numberOf(page.ttlMs) ?? 0));
    cursor = page.nextCursor;
    if (typeof cursor !== 'string') {
      if (connection.dialect === 'modern') connection.toolHeaders = toolHeaders;
      return { tools: [...tools.values()], ttlMs, bytes };
    }
    reply = undefined;
  }
  const message = `The MCP server at ${target.url.origin} lists more than ${MAX_TOOLS} tools or ${MAX_PAGES} pages of them.`;
  throw new McpError('too_large', message, { sent: true, answered: true });
}

async function requestPage(
  context: Context,
  target: Target,
  connection: Connection,
  cursor: JsonValue | undefined,
  o: { signal: AbortSignal; traceparent: string | undefined },
): Promise<Reply> {
  const call = {
    method: 'tools/list',
    traceparent: o.traceparent,
    ...(cursor !== undefined && { params: { cursor } }),
  };
  const reply = await context.exchange(target, connection, call, o.signal);
  const failure = context.failureOf(reply, target, 'tools/list');
  if (failure) throw failure;
  return reply;
}

function readPage(reply: Reply, target: Target): JsonObject {
  const page = reply.result;
  if (
    !isJsonObject(page) ||
    !Array.isArray(page.tools) ||
    !['complete', undefined].includes(page.resultType as string)
  ) {
    throw invalidResponse('with something that is not a list of tools', target, 'tools/list');
  }
  return page;
}
