import { createHash } from 'node:crypto';
import { readDeadLetter, type ReceivedMessage } from '@agent-platform/event-bus';
import { WebhookEventSchema } from '@agent-platform/proto';
import { encodeId } from '@agent-platform/service';
import { fromBinary } from '@bufbuild/protobuf';
import { postgresText } from '../postgres-text.ts';

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

/** The same message always gives the same letter, so that it is stored once however often the bus delivers it. */
export function storedLetter(message: ReceivedMessage): StoredLetter {
  const { topic, partition, offset, message: original, reason, at } = readDeadLetter(message);
  // A topic that was made anew counts its offsets from 0 again.
  const hash = createHash('sha256').update(`${topic}\n${partition}\n${offset}\n`).update(original.value).digest();
  return {
    id: encodeId('dlt', hash.subarray(0, 16)),
    ...eventOf(original.value),
    topic: postgresText(topic),
    partition,
    offset,
    headers: JSON.stringify(original.headers),
    value: original.value,
    reason: { code: postgresText(reason.code), message: postgresText(reason.message) },
    at,
  };
}

function eventOf(value: Uint8Array): Pick<StoredLetter, 'orgId' | 'eventId' | 'sourceId'> {
  const text = (said: string) => (said === '' ? null : postgresText(said));
  try {
    const { orgId, eventId, sourceId } = fromBinary(WebhookEventSchema, value);
    return { orgId: text(orgId), eventId: text(eventId), sourceId: text(sourceId) };
  } catch {
    return { orgId: null, eventId: null, sourceId: null };
  }
}
