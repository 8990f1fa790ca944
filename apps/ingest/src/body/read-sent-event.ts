import type { FieldViolation } from '@agent-platform/errors';
import { fieldError, violation } from './body-errors.ts';
import { EVENT_TYPE_RULE, isEventType } from './event-type.ts';
import { checkedKey, keyOfHeader } from './idempotency-key.ts';
import { parseRfc3339, type Instant } from './rfc3339.ts';
import { scanBody, textAt } from './scan-body.ts';

const PAYLOAD_RULE = 'a JSON object, such as {"invoice_id": "INV-1"}';
const OCCURRED_AT_RULE = 'an RFC 3339 date and time, such as "2026-11-23T08:30:00Z"';
const OPEN_OBJECT = 0x7b;
const QUOTE = 0x22;
const LOWER_N = 0x6e;
const NO_STRING = Symbol('no string');

type Sent = string | typeof NO_STRING | undefined;

/** An event as its sender described it. */
export interface SentEvent {
  readonly eventType: string;
  /** The bytes between and including the braces, as they were sent. */
  readonly payload: Uint8Array;
  readonly idempotencyKey: string | undefined;
  readonly occurredAt: { readonly text: string; readonly instant: Instant } | undefined;
}

/**
 * Reads the body of a request, and the key of its header, which wins over the one in the body.
 *
 * @param maxKeys - of all objects of the body together.
 * @throws AppError `invalid_argument` that names every field in error.
 */
export function readSentEvent(body: Buffer, idempotencyKeyHeader: string | undefined, maxKeys: number): SentEvent {
  return checkFields(findFields(body, scanBody(body, maxKeys)), idempotencyKeyHeader);
}

/** What was sent: undefined where nothing or null was, `NO_STRING` where something else was. */
interface Fields {
  eventType: Sent;
  eventId: Sent;
  occurredAt: Sent;
  payload: Uint8Array | undefined;
}

function findFields(body: Buffer, members: readonly number[]): Fields {
  const fields: Fields = { eventType: undefined, eventId: undefined, occurredAt: undefined, payload: undefined };
  for (let i = 0; i < members.length; i += 4) {
    const from = members[i + 2]!;
    const to = members[i + 3]!;
    // Of a key that comes twice the last one counts, as with JSON.parse.
    switch (textAt(body, members[i]!, members[i + 1]!)) {
      case 'event_type':
        fields.eventType = stringAt(body, from, to);
        break;
      case 'event_id':
        fields.eventId = stringAt(body, from, to);
        break;
      case 'occurred_at':
        fields.occurredAt = stringAt(body, from, to);
        break;
      case 'payload':
        fields.payload = body.subarray(from, to);
        break;
    }
  }
  return fields;
}

function checkFields({ eventType, eventId, occurredAt, payload }: Fields, keyHeader: string | undefined): SentEvent {
  const problems: FieldViolation[] = [];
  const isType = isEventType(eventType);
  const isPayload = payload?.[0] === OPEN_OBJECT;
  const instant = typeof occurredAt === 'string' ? parseRfc3339(occurredAt) : undefined;
  if (!isType) problems.push(violation('event_type', eventType === undefined, EVENT_TYPE_RULE));
  if (!isPayload) problems.push(violation('payload', payload === undefined, PAYLOAD_RULE));
  const bodyKey = checkedKey(eventId, 'event_id', problems);
  const headerKey = keyOfHeader(keyHeader, problems);
  if (occurredAt !== undefined && !instant) problems.push(violation('occurred_at', false, OCCURRED_AT_RULE));
  if (!isType || !isPayload || problems.length > 0) {
    throw fieldError(problems, eventType === undefined || payload === undefined);
  }
  return {
    eventType,
    payload,
    idempotencyKey: headerKey ?? bodyKey,
    occurredAt: instant && { text: occurredAt as string, instant },
  };
}

/** Null is nothing: many serializers write it for what is not there. */
function stringAt(body: Buffer, from: number, to: number): Sent {
  if (body[from] === QUOTE) return textAt(body, from + 1, to - 1);
  return body[from] === LOWER_N ? undefined : NO_STRING;
}
