import type { IncomingHttpHeaders } from 'node:http';
import { newTraceparent, parseTraceparent, withSpan } from '@agent-platform/telemetry';
import type { SentEvent } from '../body/read-sent-event.ts';
import type { Accept, Answer } from '../http/webhook-routes.ts';
import { requireJson } from '../http/media-type.ts';
import type { RateLimit } from '../rate-limit.ts';
import type { Challenge } from '../signatures/scheme.ts';
import { readSignature } from '../signatures/source-signature.ts';
import type { WebhookSource } from '../tokens/webhook-source.ts';
import type { IdentifyEvent } from './event-id.ts';
import { eventMessage } from './event-message.ts';
import type { Publisher } from './publisher.ts';

/** Reads a body whose source is known and whose signature, where it needs one, is right. */
export type ReadEvent = (source: WebhookSource, headers: IncomingHttpHeaders, body: Buffer) => SentEvent | Challenge;

/** @throws AppError `signature_refused`, `rate_limited`, `unsupported_media_type` before anything of the body is read. */
export type Acceptance = (source: WebhookSource, headers: IncomingHttpHeaders, read: ReadEvent) => Accept;

export interface AcceptanceDeps {
  readonly limitRate: RateLimit;
  /** For sources that set none of their own. */
  readonly rateLimitPerSecond: number;
  readonly identify: IdentifyEvent;
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly clock: () => number;
}

/** What happens to a request once it is known whose it is, whatever told so. */
export function createAcceptance(deps: AcceptanceDeps): Acceptance {
  const { limitRate, identify, publisher, clock } = deps;

  async function publish(source: WebhookSource, headers: IncomingHttpHeaders, sent: SentEvent): Promise<Answer> {
    const receivedAtMs = clock();
    const identity = identify(source, sent);
    const { eventId } = identity;
    const attributes = { event_id: eventId, webhook_source_id: source.sourceId };
    await withSpan(
      'ingest.accept',
      { traceparent: parseTraceparent(headers.traceparent), attributes },
      (traceparent = newTraceparent()) =>
        publisher.publish(eventMessage(source, sent, identity, receivedAtMs, traceparent)),
    );
    return { status: 202, body: `{"event_id":"${eventId}","status":"accepted"}`, outcome: 'accepted' };
  }

  return (source, headers, read) => {
    const checkBody = source.signature && readSignature(source.signature, headers, clock());
    limitRate(source.sourceId, source.rateLimitPerSecond || deps.rateLimitPerSecond);
    requireJson(headers);
    return async (body) => {
      checkBody?.(body);
      const sent = read(source, headers, body);
      if ('challenge' in sent) return { status: 200, body: JSON.stringify(sent), outcome: 'challenge' };
      return publish(source, headers, sent);
    };
  };
}
