import type { IncomingHttpHeaders } from 'node:http';
import type { FieldViolation } from '@agent-platform/errors';
import { fieldError, violation } from '../body/body-errors.ts';
import { EVENT_TYPE_RULE, isEventType } from '../body/event-type.ts';
import { checkedKey } from '../body/idempotency-key.ts';
import type { SentEvent } from '../body/read-sent-event.ts';
import { memberOf, scanBody } from '../body/scan-body.ts';
import type { WebhookSource } from '../tokens/webhook-source.ts';
import type { Challenge } from './scheme.ts';

/**
 * Reads an event in its sender's own format. Its payload is the whole body.
 *
 * @param maxKeys - of all objects of the body together.
 * @throws AppError `invalid_argument` that names every field in error.
 */
export function readSignedEvent(
  { signature, defaultEventType }: Pick<WebhookSource, 'signature' | 'defaultEventType'>,
  headers: IncomingHttpHeaders,
  body: Buffer,
  maxKeys: number,
): SentEvent | Challenge {
  const members = scanBody(body, maxKeys);
  const described = signature!.scheme.describe(headers, (name) => memberOf(body, members, name));
  if ('challenge' in described) return described;
  const { eventType, idempotencyKey, occurredAt } = described;
  const type = eventType.value ?? (defaultEventType || undefined);
  const problems: FieldViolation[] = [];
  const key = checkedKey(idempotencyKey.value, idempotencyKey.name, problems);
  const isMissing = type === undefined;
  if (!isEventType(type)) problems.unshift(violation(eventType.name, isMissing, EVENT_TYPE_RULE));
  if (!isEventType(type) || problems.length > 0) throw fieldError(problems, isMissing);
  return { eventType: type, payload: body, idempotencyKey: key, occurredAt };
}
