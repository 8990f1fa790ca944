/** What triggers look at in an event. */
export interface EventKind {
  readonly eventType: string;
  readonly sourceId: string;
}

/** An accepted request as it comes from the bus. */
export interface IncomingEvent {
  readonly id: string;
  readonly orgId: string;
  readonly sourceId: string;
  readonly eventType: string;
  /** JSON, byte for byte as it was sent. */
  readonly payload: string;
  readonly idempotencyKey: string | null;
  readonly contentHash: Buffer | null;
  /** Tells a repeated request from a redelivered message. */
  readonly deliveryId: string;
  readonly occurredAt: Date | null;
  readonly receivedAt: Date;
  readonly traceparent: string | null;
}
