/** A dead letter as the database takes it, whatever bytes it is made of. */
export interface StoredLetter {
  readonly id: string;
  /** Null with the two below: the message does not say, or cannot be read at all. */
  readonly orgId: string | null;
  readonly eventId: string | null;
  readonly sourceId: string | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** JSON object. */
  readonly headers: string;
  readonly value: Uint8Array;
  readonly reason: { readonly code: string; readonly message: string };
  readonly at: Date;
}
