import { createHash } from 'node:crypto';
import { readDeadLetter, type ReceivedMessage } from '@agent-platform/event-bus';
import { WebhookEventSchema } from '@agent-platform/proto';
import { encodeId } from '@agent-platform/ids';
import { fromBinary } from '@bufbuild/protobuf';
import { postgresText } from '../store/postgres-text.ts';
import type { StoredLetter } from '../store/rows/dead-letter.ts';

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
