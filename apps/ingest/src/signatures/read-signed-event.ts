import type { IncomingHttpHeaders } from 'node:http';
import type { FieldViolation } from '@agent-platform/service';
import { fieldError, violation } from '../body/body-errors.ts';
import { EVENT_TYPE_RULE, isEventType } from '../body/event-type.ts';
import { checkedKey } from '../body/idempotency-key.ts';
import type { SentEvent } from '../body/read-body.ts';
import { memberOf, scanBody } from '../body/scan-body.ts';
import type { Challenge, SenderScheme } from './scheme.ts';

/**
 * Reads an event in its sender's own format. Its payload is the whole body.
 *
 * @param maxKeys - of all objects of the body together.
 * @throws AppError `invalid_argument` that names every field in error.
 */
export function readSignedEvent(
  scheme: SenderScheme,
  headers: IncomingHttpHeaders,
  body: Buffer,
  maxKeys: number,
): SentEvent | Challenge {
  const members = scanBody(body, maxKeys);
  const described = scheme.describe(headers, (name) => memberOf(body, members, name));
  if ('challenge' in described) return described;
  const { eventType, idempotencyKey, occurredAt } = described;
  const problems: FieldViolation[] = [];
  const key = checkedKey(idempotencyKey.value, idempotencyKey.name, problems);
  const isMissing = eventType.value === undefined;
  if (!isEventType(eventType.value)) problems.unshift(violation(eventType.name, isMissing, EVENT_TYPE_RULE));
  if (!isEventType(eventType.value) || problems.length > 0) throw fieldError(problems, isMissing);
  return { eventType: eventType.value, payload: body, idempotencyKey: key, occurredAt };
}
