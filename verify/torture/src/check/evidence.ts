import type { Call } from '../canary/canary.ts';
import type { Sending } from '@agent-platform/harness';

/** A stored event. */
export interface EventRow {
  readonly id: string;
  /** The `id` in its payload. */
  readonly payloadId: string;
  readonly eventType: string;
  readonly duplicateOf: string | null;
  /** The transaction that stored it: later ones have higher numbers. */
  readonly xid: number;
}

export interface RunRow {
  readonly id: string;
  readonly eventId: string;
  readonly trigger: string;
  readonly status: string;
  readonly errorCode: string | null;
}

/** A worker wrote to a run that another worker had claimed. */
export interface Trespass {
  readonly runId: string;
  readonly owner: string;
  readonly worker: string;
}

/** What senders, the platform's database and the MCP server know, each for itself. */
export interface Evidence {
  readonly sendings: readonly Sending[];
  readonly events: readonly EventRow[];
  readonly runs: readonly RunRow[];
  readonly calls: readonly Call[];
  readonly trespasses: readonly Trespass[];
}

/** Which triggers an event type has, by their names. */
export type Expected = (sourceOrEvent: { readonly source: string; readonly eventType: string }) => readonly string[];

export interface Violation {
  readonly rule: string;
  readonly subject: string;
  readonly detail: string;
}
