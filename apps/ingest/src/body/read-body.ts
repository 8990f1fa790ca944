import type { FieldViolation } from '@agent-platform/service';
import { fieldError, violation } from './body-errors.ts';
import { EVENT_TYPE_RULE, isEventType } from './event-type.ts';
import { checkedKey, keyOfHeader } from './idempotency-key.ts';
import { parseRfc3339, type Instant } from './rfc3339.ts';
import { scanBody, textAt } from './scan-body.ts';

const PAYLOAD_RULE = 'a JSON object, such as {"invoice_id": "INV-1"}';
const OCCURRED_AT_RULE = 'an RFC 3339 date and time, such as "2026-11-23T08:30:00Z"';
const OPEN_OBJECT = 0x7b;
const QUOTE = 0x22;

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
 * @throws AppError `invalid_argument` that names every field in error.
 */
export function readBody(body: Buffer, idempotencyKeyHeader: string | undefined): SentEvent {
  return checkFields(findFields(body, scanBody(body)), idempotencyKeyHeader);
}

/** What was sent: undefined where nothing was, null where something but a string was. */
interface Fields {
  eventType: string | null | undefined;
  eventId: string | null | undefined;
  occurredAt: string | null | undefined;
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
    occurredAt: occurredAt && instant ? { text: occurredAt, instant } : undefined,
  };
}

/** The string there, or null for any other value, which no field here takes. */
function stringAt(body: Buffer, from: number, to: number): string | null {
  return body[from] === QUOTE ? textAt(body, from + 1, to - 1) : null;
}
