import type { Client } from '@connectrpc/connect';
import type { EventBus } from '@agent-platform/event-bus';
import type { WebhookTokenService } from '@agent-platform/proto';
import {
  newTraceparent,
  parseTraceparent,
  withSpan,
  type Logger,
  type Metrics,
  type Service,
} from '@agent-platform/service';
import { readBody } from './body/read-body.ts';
import { createIdentifyEvent } from './events/event-id.ts';
import { eventMessage } from './events/event-message.ts';
import { createPublisher } from './events/publisher.ts';
import { requireJson } from './http/media-type.ts';
import { webhookRoute } from './http/webhook-route.ts';
import { createIngestMetrics } from './metrics.ts';
import { createRateLimit } from './rate-limit.ts';
import { createTokenVerifier } from './tokens/token-verifier.ts';
import type { WebhookSource } from './tokens/webhook-source.ts';

export interface IngestConfig {
  readonly maxBodyBytes: number;
  /** For sources that set none of their own. */
  readonly rateLimitPerSecond: number;
  /** How long the token service may take to answer for one token. */
  readonly lookUpTimeoutMs: number;
  /** How long the bus may take to store one event. */
  readonly publishTimeoutMs: number;
}

export interface IngestDependencies {
  readonly bus: EventBus;
  readonly tokens: Pick<Client<typeof WebhookTokenService>, 'verifyToken'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/**
 * Takes webhook events in: verifies the token, limits the rate, validates, publishes, answers. Keeps nothing that could
 * be lost. The bus stays the caller's; disposing waits for the events that are being published.
 */
export async function createIngest(config: IngestConfig, deps: IngestDependencies): Promise<Service> {
  const { bus, tokens, logger, clock = Date.now } = deps;
  const verifyToken = createTokenVerifier({ tokens, lookUpTimeoutMs: config.lookUpTimeoutMs, logger, clock });
  const limitRate = createRateLimit(clock);
  const identify = createIdentifyEvent(clock);
  const publisher = createPublisher({ bus, timeoutMs: config.publishTimeoutMs, logger, clock });
  const metrics = createIngestMetrics(deps.metrics);

  return {
    name: 'ingest',
    checks: { bus: () => bus.check() },
    http: (app) =>
      webhookRoute(app, {
        maxBodyBytes: config.maxBodyBytes,
        metrics,
        logger,
        admit({ headers }) {
          const check = (source: WebhookSource) => {
            limitRate(source.sourceId, source.rateLimitPerSecond || config.rateLimitPerSecond);
            requireJson(headers);
            return source;
          };
          const source = verifyToken(headers['x-webhook-token']);
          return source instanceof Promise ? source.then(check) : check(source);
        },
        async accept(source, { headers }, body) {
          const receivedAtMs = clock();
          const sent = readBody(body, headers['idempotency-key'] as string | undefined);
          const identity = identify(source, sent);
          const { eventId } = identity;
          await withSpan(
            'ingest.accept',
            {
              traceparent: parseTraceparent(headers.traceparent),
              attributes: { event_id: eventId, webhook_source_id: source.sourceId },
            },
            (traceparent = newTraceparent()) =>
              publisher.publish(eventMessage(source, sent, identity, receivedAtMs, traceparent)),
          );
          return eventId;
        },
      }),
    [Symbol.asyncDispose]: () => publisher[Symbol.asyncDispose](),
  };
}
