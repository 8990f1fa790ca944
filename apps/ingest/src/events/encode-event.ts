import { create, toBinary } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';

/** The fields of `agentplatform.events.v1.WebhookEvent`. */
export interface EventFields {
  readonly eventId: string;
  readonly orgId: string;
  readonly sourceId: string;
  readonly eventType: string;
  readonly payload: Uint8Array;
  readonly occurredAt: Pick<Timestamp, 'seconds' | 'nanos'> | undefined;
  readonly receivedAtMs: number;
  readonly deliveryId: string;
  readonly idempotencyKey: string;
  readonly contentHash: Uint8Array | undefined;
}

const FIELDS = 10;
/** UTF-8 of a UTF-16 code unit. */
const MAX_BYTES_PER_CHARACTER = 3;
/** Tag and length of a field: one byte and at most five. */
const MAX_PREFIX_BYTES = 6;
const MAX_TIMESTAMP_BYTES = 22;
const LENGTH_DELIMITED = 2;
const SECONDS_TAG = 1 << 3;
const NANOS_TAG = 2 << 3;

/**
 * Writes an event in protobuf's wire format (https://protobuf.dev/programming-guides/encoding/), byte for byte as
 * `toBinary` does and several times as fast: it knows the fields, and copies the payload once.
 */
export function encodeEvent(event: EventFields): Uint8Array {
  const { eventId, orgId, sourceId, eventType, payload, deliveryId, idempotencyKey, contentHash } = event;
  // Few senders say when, and any year is possible: not worth a writer.
  const occurredAt = event.occurredAt && toBinary(TimestampSchema, create(TimestampSchema, event.occurredAt));
  const ids = eventId.length + orgId.length + sourceId.length + deliveryId.length;
  const texts = MAX_BYTES_PER_CHARACTER * (ids + eventType.length + idempotencyKey.length);
  const bytes = payload.length + (contentHash?.length ?? 0) + 2 * MAX_TIMESTAMP_BYTES;
  const out = Buffer.allocUnsafe(texts + bytes + FIELDS * MAX_PREFIX_BYTES);
  let at = 0;
  at = writeText(out, at, 1, eventId);
  at = writeText(out, at, 2, orgId);
  at = writeText(out, at, 3, sourceId);
  at = writeText(out, at, 4, eventType);
  at = writeBytes(out, at, 5, payload);
  if (occurredAt) at = writeBytes(out, at, 6, occurredAt);
  at = writeTime(out, at, 7, event.receivedAtMs);
  at = writeText(out, at, 8, deliveryId);
  at = writeText(out, at, 9, idempotencyKey);
  if (contentHash) at = writeBytes(out, at, 10, contentHash);
  return out.subarray(0, at);
}

/** Every writer answers where the next field starts. An empty text is left out. */
function writeText(out: Buffer, start: number, field: number, text: string): number {
  if (text === '') return start;
  const at = writePrefix(out, start, field, Buffer.byteLength(text));
  return at + out.write(text, at);
}

function writeBytes(out: Buffer, start: number, field: number, bytes: Uint8Array): number {
  const at = writePrefix(out, start, field, bytes.length);
  out.set(bytes, at);
  return at + bytes.length;
}

/** A `google.protobuf.Timestamp` after 1970: seconds in field 1, nanoseconds in field 2. */
function writeTime(out: Buffer, start: number, field: number, timeMs: number): number {
  out[start] = (field << 3) | LENGTH_DELIMITED;
  const lengthAt = start + 1;
  const seconds = Math.floor(timeMs / 1_000);
  const nanos = (timeMs - seconds * 1_000) * 1_000_000;
  let at = lengthAt + 1;
  out[at++] = SECONDS_TAG;
  at = writeVarint(out, at, seconds);
  if (nanos > 0) {
    out[at++] = NANOS_TAG;
    at = writeVarint(out, at, nanos);
  }
  out[lengthAt] = at - lengthAt - 1;
  return at;
}

function writePrefix(out: Buffer, start: number, field: number, length: number): number {
  out[start] = (field << 3) | LENGTH_DELIMITED;
  return writeVarint(out, start + 1, length);
}

function writeVarint(out: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) out[at++] = (rest % 0x80) | 0x80;
  out[at++] = rest;
  return at;
}
