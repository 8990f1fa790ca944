import type { IncomingHttpHeaders } from 'node:http';
import type { Instant } from '../body/rfc3339.ts';

/** How one kind of sender signs its requests, all of them with HMAC-SHA-256, and how its events are read. */
export interface SenderScheme {
  /** Undefined when the headers cannot be right, whatever the body: nothing signed, or signed too long ago. */
  readonly claimOf: (headers: IncomingHttpHeaders, nowMs: number) => Claim | undefined;
  /** The key of the HMAC, from the secret as the sender shows it. */
  readonly keyOf: (secret: string) => Buffer;
  /** A digest as the headers spell it. */
  readonly spell: (digest: Buffer) => string;
  /** Asked only about requests whose signature is right. */
  readonly describe: (headers: IncomingHttpHeaders, member: Member) => Description | Challenge;
}

/** What the headers of a request say about its signature. */
export interface Claim {
  /** What was signed in front of the body. */
  readonly prefix: string;
  /** Any of them may be right: a sender that changes its secret signs with both. */
  readonly signatures: readonly string[];
}

/** The value of a member of the body, `undefined` when there is none of that name. */
export type Member = (name: string) => unknown;

/** A value, not checked yet, and where it stands, to tell the sender. */
export interface Named {
  readonly name: string;
  readonly value: unknown;
}

/** Where the sender's own format has what an event needs. */
export interface Description {
  readonly eventType: Named;
  /** What makes two deliveries one event. */
  readonly idempotencyKey: Named;
  readonly occurredAt: OccurredAt | undefined;
}

export interface OccurredAt {
  readonly text: string;
  readonly instant: Instant;
}

/** A request that starts no event: the sender wants this text back, to see that somebody is there. */
export interface Challenge {
  readonly challenge: string;
}
