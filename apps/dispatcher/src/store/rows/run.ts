export type RunStatus =
  'queued' | 'running' | 'awaiting_approval' | 'succeeded' | 'failed' | 'cancelled' | 'outcome_unknown';

/** What went wrong: `code` for programs, `message` for people. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

export interface EventOfRun {
  readonly id: string;
  readonly type: string;
  /** JSON. */
  readonly payload: string;
  readonly occurredAt: Date | null;
  readonly receivedAt: Date;
}

/** A run this process holds the lease of, as it is claimed. */
export interface UnplannedRun {
  readonly id: string;
  readonly orgId: string;
  readonly triggerId: string;
  readonly traceparent: string | undefined;
  /** The fence: raised with every claim, named by every write. */
  readonly epoch: number;
  /** How often it was claimed, this time included and without the times that ended at an open circuit. */
  readonly attempts: number;
  readonly warnings: readonly string[];
  /** Hexadecimal. */
  readonly planHash: string;
  /** Somebody wants it to end. */
  readonly cancelRequested: boolean;
  /** How long it was due before it was claimed. */
  readonly waitedMs: number;
  readonly event: EventOfRun;
}

/** How a worker leaves a run. */
export type Outcome =
  | { readonly status: 'succeeded'; readonly output?: string }
  | { readonly status: 'failed' | 'outcome_unknown'; readonly error: Problem }
  | { readonly status: 'cancelled' }
  /** To be claimed again after the delay, by any worker; `uncounted`: this time was no attempt. */
  | {
      readonly status: 'queued';
      readonly delayMs: number;
      readonly error?: Problem;
      readonly uncounted?: true;
      readonly retry?: RetryState;
    };

/** How long a call that failed is still made again. */
export interface RetryState {
  readonly attemptsLeft: number | null;
  readonly givesUpAt: Date;
}

export type StepKind = 'tools_list' | 'tool_call' | 'model_turn';

/** One attempt at something outside the platform. Recorded as started before it is sent. */
export interface Step {
  readonly number: number;
  readonly kind: StepKind;
  /** What attempts at the same thing have in common. */
  readonly position: string;
  readonly skill: string | null;
  readonly tool: string | null;
  /** JSON. */
  readonly arguments: string | null;
  /** It may be done again when no answer was recorded. */
  readonly repeatable: boolean;
  readonly startedAt: Date;
  status: 'started' | 'succeeded' | 'failed';
  /** JSON. */
  result: string | null;
  /** Set when only a part of the result is kept. */
  cut: ResultCut | null;
  error: Problem | null;
  finishedAt: Date | null;
}

/** The whole result, of which only a part is kept. */
export interface ResultCut {
  /** As JSON, in UTF-8. */
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}
