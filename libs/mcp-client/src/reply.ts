import type { IncomingHttpHeaders } from 'node:http';
import type { JsonValue } from '@agent-platform/json';

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: JsonValue | undefined;
}

/** What a server said: an HTTP status and, where there was one, a JSON-RPC result or error. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly result: JsonValue | undefined;
  readonly error: RpcError | undefined;
  readonly bytes: number;
}
