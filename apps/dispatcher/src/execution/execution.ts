import type { McpClient } from '@agent-platform/mcp-client';
import type { CredentialService } from '@agent-platform/proto';
import type { Client } from '@connectrpc/connect';
import type { Models } from '../agent/models.ts';
import type { SchemaChecker } from '../tools/schema-checker.ts';
import type { TemplateRenderer } from '../templates/renderer.ts';
import type { RetryPolicy } from './backoff.ts';
import type { Circuits } from '../tools/circuits.ts';
import type { Journal } from './journal.ts';
import type { ClaimedRun } from './run.ts';

export type Credentials = Pick<Client<typeof CredentialService>, 'resolveCredential'>;

/** What runs use of libs/mcp-client. */
export type Mcp = Pick<McpClient, 'listTools' | 'callTool'>;

/** What executing runs needs from outside. */
export interface Outside {
  readonly mcp: Mcp;
  readonly credentials: Credentials;
  readonly models: Models;
  readonly retry: RetryPolicy;
  readonly circuits: Circuits;
  readonly schemas: SchemaChecker;
  readonly templates: TemplateRenderer;
  /** Of a tool's result, to be kept. */
  readonly maxResultBytes: number;
}

/** One run in execution by this process. */
export interface Execution extends Outside {
  readonly run: ClaimedRun;
  readonly journal: Journal;
  /** Aborted with LeaseLost when the lease is lost and with ShuttingDown when the process stops. */
  readonly signal: AbortSignal;
  /** Aborted when somebody wants the run to end. */
  readonly cancelled: AbortSignal;
  /** Goes with every call to the outside. */
  readonly trace: { readonly traceparent?: string };
  /** Whether the lease may still be ours, by this process's own clock. */
  readonly isHeld: () => boolean;
}
