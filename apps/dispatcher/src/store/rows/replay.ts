export interface ReplayKey {
  readonly orgId: string;
  /** Of the replay and of its runs. The same id is the same replay. */
  readonly id: string;
}

/** What is asked for, and by whom. */
export interface AskedReplay extends ReplayKey {
  readonly kind: 'event' | 'events' | 'retry_run' | 'retry_runs';
  /** JSON: a request with the same id must be the same. */
  readonly request: string;
  /** The principal's subject. */
  readonly requestedBy: string;
}

export interface ReplayCounts {
  readonly eventCount: number;
  readonly runCount: number;
}

/** What a batch has started, and after what to go on. JSON; null: there is nothing left. */
export interface Batch {
  readonly started: number;
  readonly position: string | null;
}

/** What there is to do. JSON; what is done with the first batch needs neither. */
export interface ReplayWork {
  readonly scope: string | null;
  readonly position: string | null;
}

export type ReplayState = 'running' | 'succeeded' | 'cancelled';

/** As it is stored, but for the work. */
export interface Replay extends AskedReplay, ReplayCounts {
  readonly state: ReplayState;
  readonly startedCount: number;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}
