/** One event as its sender knows it. */
export interface Sending {
  /** In the payload; unique. */
  readonly id: string;
  readonly source: string;
  readonly lane: number;
  /** Within the lane; each is sent after the one before was acknowledged or given up. */
  readonly n: number;
  readonly eventType: string;
  /** Absent: never acknowledged, so it may be there or not. */
  eventId?: string;
}

/** What senders saw, as it happens. */
export interface Ledger {
  readonly sendings: Sending[];
  acknowledged: number;
  /** Answered 429 or 503. */
  refused: number;
  /** Cut connections. */
  unknown: number;
  lastAcknowledgedAtMs: number;
  /** The longest time in which nobody was acknowledged. */
  longestGapMs: number;
  slowestRefusalMs: number;
  readonly latenciesMs: number[];
  /** Answers no sender of a known token should get; the text says which. */
  readonly wrongAnswers: Map<string, number>;
}

export function createLedger(): Ledger {
  return {
    sendings: [],
    acknowledged: 0,
    refused: 0,
    unknown: 0,
    lastAcknowledgedAtMs: performance.now(),
    longestGapMs: 0,
    slowestRefusalMs: 0,
    latenciesMs: [],
    wrongAnswers: new Map(),
  };
}

export function noteAcknowledged(ledger: Ledger, sending: Sending, eventId: string, latencyMs: number): void {
  const nowMs = performance.now();
  sending.eventId = eventId;
  ledger.acknowledged++;
  ledger.latenciesMs.push(latencyMs);
  ledger.longestGapMs = Math.max(ledger.longestGapMs, nowMs - ledger.lastAcknowledgedAtMs);
  ledger.lastAcknowledgedAtMs = nowMs;
}

export function noteWrong(ledger: Ledger, what: string): void {
  ledger.wrongAnswers.set(what, (ledger.wrongAnswers.get(what) ?? 0) + 1);
}
