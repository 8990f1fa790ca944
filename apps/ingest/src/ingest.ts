import type { Client } from '@connectrpc/connect';
import type { FastifyRequest } from 'fastify';
import type { EventBus } from '@agent-platform/event-bus';
import type { WebhookTokenService } from '@agent-platform/proto';
import type { Service } from '@agent-platform/runtime';
import type { Logger, Metrics } from '@agent-platform/telemetry';
import { readSentEvent } from './body/read-sent-event.ts';
import { createAcceptance, type ReadEvent } from './events/acceptance.ts';
import { createIdentifyEvent } from './events/event-id.ts';
import { createPublisher } from './events/publisher.ts';
import { webhookRoutes, type Admit } from './http/webhook-routes.ts';
import { createIngestMetrics } from './metrics.ts';
import { createRateLimit } from './rate-limit.ts';
import { readSignedEvent } from './signatures/read-signed-event.ts';
import { createSignedSources } from './signatures/signed-source.ts';
import { createSourceChanges, followSourceChanges } from './sources/source-changes.ts';
import { createTokenUses } from './tokens/token-uses.ts';
import { createTokenVerifier } from './tokens/token-verifier.ts';
import type { WebhookSource } from './tokens/webhook-source.ts';

export interface IngestConfig {
  readonly maxBodyBytes: number;
  /** Of all objects of a body together. */
  readonly maxKeys: number;
  /** For sources that set none of their own. */
  readonly rateLimitPerSecond: number;
  /** How long the token service may take to answer for one token. */
  readonly lookUpTimeoutMs: number;
  /** How long the bus may take to store one event. */
  readonly publishTimeoutMs: number;
}

export interface IngestDependencies {
  readonly bus: EventBus;
  readonly tokens: Pick<Client<typeof WebhookTokenService>, 'verifyToken' | 'resolveSignedSource' | 'recordTokenUse'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/**
 * Takes webhook events in: verifies token or signature, limits the rate, validates, publishes, answers. Keeps nothing
 * that could be lost. The bus stays the caller's; disposing waits for the events that are being published, and reports
 * the last use of tokens.
 */
export async function createIngest(config: IngestConfig, deps: IngestDependencies): Promise<Service> {
  const { bus, tokens, logger, clock = Date.now } = deps;
  await using resources = new AsyncDisposableStack();
  const changes = createSourceChanges();
  resources.use(followSourceChanges(bus, changes));
  const uses = resources.use(createTokenUses({ tokens, logger, clock }));
  const lookUp = { tokens, changes, lookUpTimeoutMs: config.lookUpTimeoutMs, logger, clock };
  const verifyToken = createTokenVerifier({ ...lookUp, uses });
  const findSignedSource = createSignedSources(lookUp);
  const publisher = resources.use(createPublisher({ bus, timeoutMs: config.publishTimeoutMs, logger, clock }));
  const accept = createAcceptance({
    limitRate: createRateLimit(clock),
    rateLimitPerSecond: config.rateLimitPerSecond,
    identify: createIdentifyEvent(clock),
    publisher,
    clock,
  });
  const admit =
    (sourceOf: (request: FastifyRequest) => WebhookSource | Promise<WebhookSource>, read: ReadEvent): Admit =>
    (request) => {
      const { headers } = request;
      const source = sourceOf(request);
      return source instanceof Promise
        ? source.then((known) => accept(known, headers, read))
        : accept(source, headers, read);
    };
  const metrics = createIngestMetrics(deps.metrics);
  const owned = resources.move();

  return {
    name: 'ingest',
    checks: { bus: () => bus.check() },
    http: (app) =>
      webhookRoutes(app, {
        maxBodyBytes: config.maxBodyBytes,
        metrics,
        logger,
        routes: {
          '/webhooks/events': admit(
            ({ headers }) => verifyToken(headers['x-webhook-token']),
            (_source, headers, body) =>
              readSentEvent(body, headers['idempotency-key'] as string | undefined, config.maxKeys),
          ),
          '/webhooks/:source': admit(
            ({ params }) => findSignedSource((params as { readonly source: string }).source),
            (source, headers, body) => readSignedEvent(source, headers, body, config.maxKeys),
          ),
        },
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
