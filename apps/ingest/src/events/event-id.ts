import { hash } from 'node:crypto';
import { encodeId, newId } from '@agent-platform/ids';
import type { SentEvent } from '../body/read-sent-event.ts';
import type { WebhookSource } from '../tokens/webhook-source.ts';
import { FirstTimes } from './first-times.ts';

const WINDOW_MS = 5 * 60_000;
const ID_BYTES = 16;
const BUCKET_BYTES = 4;
const FINGERPRINT_BYTES = 6;

/** What makes an event the same one as another. */
export interface EventIdentity {
  readonly eventId: string;
  /** SHA-256 over type, time and payload, where the content decides. */
  readonly contentHash: Buffer | undefined;
}

export type IdentifyEvent = (
  source: Pick<WebhookSource, 'sourceId' | 'deduplicatesContent'>,
  event: Pick<SentEvent, 'eventType' | 'payload' | 'idempotencyKey' | 'occurredAt'>,
) => EventIdentity;

/**
 * Gives events their ids. A sender's key always counts, and gives the same id from any replica at any time. With no
 * key, and where the source says so, the same content within five minutes of its first has the id of the first: it ends
 * with the five-minute bucket of that first, so that replicas agree although they share nothing. The memory is for
 * the pair that a bucket's edge would split, and only helps: the dispatcher knows equal content under two ids by its hash.
 */
export function createIdentifyEvent(clock: () => number): IdentifyEvent {
  const firstTimes = new FirstTimes(WINDOW_MS);

  function idOfContent(sourceId: string, content: Buffer): string {
    const digest = sha256(`${sourceId}\0content${content.toString('latin1')}`);
    const firstMs = firstTimes.of(digest.readUIntBE(ID_BYTES, FINGERPRINT_BYTES), clock());
    digest.writeUInt32BE(Math.floor(firstMs / WINDOW_MS), ID_BYTES - BUCKET_BYTES);
    return encodeId('evt', digest.subarray(0, ID_BYTES));
  }

  return ({ sourceId, deduplicatesContent }, { eventType, payload, idempotencyKey, occurredAt }) => {
    if (idempotencyKey !== undefined) {
      return { eventId: derivedId(`${sourceId}\0key${idempotencyKey}`), contentHash: undefined };
    }
    if (!deduplicatesContent) return { eventId: newId('evt', clock()), contentHash: undefined };
    // Neither a type nor a time contains a zero byte, and no payload starts with a digit.
    const time = occurredAt === undefined ? '' : `${occurredAt.text}\0`;
    const content = sha256(Buffer.concat([Buffer.from(`${eventType}\0${time}`), payload]));
    return { eventId: idOfContent(sourceId, content), contentHash: content };
  };
}

function derivedId(text: string): string {
  return encodeId('evt', sha256(text).subarray(0, ID_BYTES));
}

/** By way of a string: a Buffer that `hash` itself makes is no part of the pool and costs more than the hash. */
function sha256(data: string | Buffer): Buffer {
  return Buffer.from(hash('sha256', data, 'binary'), 'binary');
}
