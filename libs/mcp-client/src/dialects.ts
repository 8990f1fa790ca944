import { parseExact, type JsonObject } from '@agent-platform/json';
import { encodeHeader } from './header-value.ts';
import { paramHeaders, type HeaderParameter } from './param-headers.ts';

export const MODERN_VERSION = '2026-07-28';

/** Versions that begin with `initialize`, newest first. */
export const SESSION_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];

export const CLIENT_INFO = { name: 'agent-platform', version: '0.1.0' };

/** @see https://modelcontextprotocol.io/extensions/auth/oauth-client-credentials */
export const CLIENT_CAPABILITIES = { extensions: { 'io.modelcontextprotocol/oauth-client-credentials': {} } };

/** `_meta` key under which a tool finds the idempotency key; also sent as the header `Idempotency-Key`. */
export const IDEMPOTENCY_META_KEY = 'dev.agent-platform/idempotencyKey';

/**
 * How to talk to one server:
 * - `modern`: 2026-07-28, no state; `toolHeaders` are the arguments that a tool wants as headers too.
 * - `session`: 2025-11-25 and older, after `initialize`.
 * - `bare`: plain JSON-RPC that knows `tools/list` and `tools/call`.
 */
export type Connection =
  | { readonly dialect: 'modern'; toolHeaders: ReadonlyMap<string, readonly HeaderParameter[]> | undefined }
  | { readonly dialect: 'session'; readonly version: string; readonly sessionId: string | undefined }
  | { readonly dialect: 'bare' };

export interface RpcCall {
  readonly method: string;
  readonly params?: JsonObject;
  /** JSON of the parameter `arguments` of a tool's call; the others, its name among them, are `params`. */
  readonly argumentsJson?: string;
  readonly traceparent?: string | undefined;
  readonly idempotencyKey?: string | undefined;
}

export interface HttpMessage {
  readonly headers: Record<string, string>;
  /** JSON. */
  readonly body: string;
}

/** @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http */
export function write(connection: Connection, call: RpcCall, id: number | undefined): HttpMessage {
  const meta = metaOf(connection, call);
  const params = { ...call.params, ...(Object.keys(meta).length > 0 && { _meta: meta }) };
  return {
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(call.traceparent !== undefined && { traceparent: call.traceparent }),
      ...(call.idempotencyKey !== undefined && { 'idempotency-key': call.idempotencyKey }),
      ...dialectHeaders(connection, call),
    },
    body: bodyOf({ jsonrpc: '2.0', ...(id !== undefined && { id }), method: call.method }, params, call.argumentsJson),
  };
}

function bodyOf(message: JsonObject, params: JsonObject, argumentsJson: string | undefined): string {
  const body = JSON.stringify({ ...message, ...(Object.keys(params).length > 0 && { params }) });
  // The parameters come last, and the name of the tool is one of them.
  return argumentsJson === undefined ? body : `${body.slice(0, -2)},"arguments":${argumentsJson}}}`;
}

function metaOf(connection: Connection, call: RpcCall): JsonObject {
  return {
    ...(connection.dialect === 'modern' && {
      'io.modelcontextprotocol/protocolVersion': MODERN_VERSION,
      'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
      'io.modelcontextprotocol/clientCapabilities': CLIENT_CAPABILITIES,
    }),
    ...(call.idempotencyKey !== undefined && { [IDEMPOTENCY_META_KEY]: call.idempotencyKey }),
    ...(call.traceparent !== undefined && connection.dialect !== 'bare' && { traceparent: call.traceparent }),
  };
}

function dialectHeaders(connection: Connection, call: RpcCall): Record<string, string> {
  switch (connection.dialect) {
    case 'modern':
      return {
        'mcp-protocol-version': MODERN_VERSION,
        'mcp-method': call.method,
        ...toolHeaders(connection.toolHeaders, call),
      };
    case 'session':
      return {
        'mcp-protocol-version': connection.version,
        ...(connection.sessionId !== undefined && { 'mcp-session-id': connection.sessionId }),
      };
    case 'bare':
      return {};
  }
}

function toolHeaders(
  byTool: ReadonlyMap<string, readonly HeaderParameter[]> | undefined,
  { params, argumentsJson }: RpcCall,
): Record<string, string> {
  const name = params?.name;
  if (typeof name !== 'string') return {};
  const parameters = byTool?.get(name) ?? [];
  const args = parameters.length > 0 && argumentsJson !== undefined ? parseExact(argumentsJson) : undefined;
  return { 'mcp-name': encodeHeader(name), ...paramHeaders(parameters, args) };
}
