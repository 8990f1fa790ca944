import { createHash, hash } from 'node:crypto';
import { encodeId, newId } from '@agent-platform/service';
import type { SentEvent } from '../body/read-body.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { WebhookSource } from '../tokens/webhook-source.ts';

const WINDOW_MS = 5 * 60_000;
const MAX_REMEMBERED = 100_000;

/** What makes an event the same one as another. */
export interface EventIdentity {
  readonly eventId: string;
  /** SHA-256 over type and payload, where the content decides. */
  readonly contentHash: Buffer | undefined;
}

export type IdentifyEvent = (
  source: Pick<WebhookSource, 'sourceId' | 'deduplicatesContent'>,
  event: Pick<SentEvent, 'eventType' | 'payload' | 'idempotencyKey'>,
) => EventIdentity;

/**
 * Gives events their ids. A sender's key always counts, and gives the same id from any replica at any time. With no
 * key, and where the source says so, the same content within five minutes of its first has the id of the first: it is
 * made from the five-minute bucket of that first, so that replicas agree although they share nothing. The memory is for
 * the pair that a bucket's edge would split, and only helps: the dispatcher knows equal content under two ids by its hash.
 */
export function createIdentifyEvent(clock: () => number): IdentifyEvent {
  const firsts = new BoundedMap<string, { readonly eventId: string; readonly seenAtMs: number }>(MAX_REMEMBERED);

  function idOfContent(sourceId: string, content: Buffer): string {
    const nowMs = clock();
    const memoryKey = sourceId + content.toString('latin1');
    const first = firsts.get(memoryKey);
    if (first !== undefined && nowMs - first.seenAtMs < WINDOW_MS) return first.eventId;
    const bucket = Math.floor(nowMs / WINDOW_MS);
    const eventId = derivedId(`${sourceId}\0content${bucket}\0${content.toString('hex')}`);
    firsts.set(memoryKey, { eventId, seenAtMs: nowMs });
    return eventId;
  }

  return ({ sourceId, deduplicatesContent }, { eventType, payload, idempotencyKey }) => {
    if (idempotencyKey !== undefined) {
      return { eventId: derivedId(`${sourceId}\0key${idempotencyKey}`), contentHash: undefined };
    }
    if (!deduplicatesContent) return { eventId: newId('evt', clock()), contentHash: undefined };
    // An event type contains no zero byte.
    const content = createHash('sha256').update(`${eventType}\0`).update(payload).digest();
    return { eventId: idOfContent(sourceId, content), contentHash: content };
  };
}

function derivedId(text: string): string {
  return encodeId('evt', hash('sha256', text, 'buffer').subarray(0, 16));
}
