import type { Logger } from '@agent-platform/telemetry';
import type { Connection, RpcCall } from './dialects.ts';
import type { McpError } from './errors.ts';
import type { Reply } from './reply.ts';
import type { Target } from './server.ts';

/** What the parts of a client share. */
export interface Context {
  readonly logger: Logger;
  /** @throws McpError when no answer came that could be understood. */
  exchange(target: Target, connection: Connection, call: RpcCall, signal: AbortSignal): Promise<Reply>;
  /** The failure that a reply states, if it states one. */
  failureOf(reply: Reply, target: Target, method: string): McpError | undefined;
}
