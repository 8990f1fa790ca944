import { Writable } from 'node:stream';
import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampMs, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { fastify, type FastifyBaseLogger, type InjectOptions } from 'fastify';
import { generateWebhookToken } from '@agent-platform/auth';
import type { EventBus, FollowOptions, Message } from '@agent-platform/event-bus';
import {
  Deduplication,
  RecordTokenUseResponseSchema,
  ResolveSignedSourceResponseSchema,
  VerifyTokenResponseSchema,
  WebhookEventSchema,
} from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { createLogger, createMetrics } from '@agent-platform/telemetry';
import { createIngest, type IngestConfig, type IngestDependencies } from '../src/index.ts';

export function recordingLogger() {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { logger: createLogger({ level: 'info', service: 'ingest', destination }), lines };
}

/** A token service that knows what it is told, and can be down, silent or slow. */
export function fakeTokenService() {
  const sources = new Map<string, MessageInitShape<typeof VerifyTokenResponseSchema> & { defaultEventType?: string }>();
  const service = {
    state: 'up' as 'up' | 'down' | 'silent',
    /** Tokens and sources it was asked for. */
    asked: [] as string[],
    /** Of each report the uses: when, by token id. */
    reported: [] as Record<string, number>[],
    /** A new source and its token. */
    issue(source: MessageInitShape<typeof VerifyTokenResponseSchema> & { defaultEventType?: string } = {}): string {
      const token = generateWebhookToken();
      const number = String(sources.size).padStart(26, '0');
      const ids = { orgId: 'org_a', sourceId: `src_${number}`, tokenId: `tok_${number}` };
      sources.set(token, { ...ids, deduplication: Deduplication.CONTENT, ...source });
      return token;
    },
    revoke: (token: string) => sources.delete(token),
    /** Removes a source, whatever its tokens. */
    forget(sourceId: string): void {
      for (const [token, source] of sources) if (source.sourceId === sourceId) sources.delete(token);
    },
  };
  async function ask(name: string): Promise<void> {
    service.asked.push(name);
    if (service.state === 'silent') await new Promise(() => {});
    if (service.state === 'down') throw new AppError('unavailable', 'unavailable', 'connection refused');
  }
  const tokens: IngestDependencies['tokens'] = {
    async recordTokenUse({ uses = [] }) {
      if (service.state !== 'up') throw new AppError('unavailable', 'unavailable', 'connection refused');
      const times = uses.map(({ tokenId = '', usedAt }) => [tokenId, timestampMs(create(TimestampSchema, usedAt))]);
      service.reported.push(Object.fromEntries(times) as Record<string, number>);
      return create(RecordTokenUseResponseSchema);
    },
    async verifyToken({ token = '' }) {
      await ask(token);
      const source = sources.get(token);
      if (source === undefined) throw new AppError('not_found', 'token_not_found', 'There is no such token.');
      return create(VerifyTokenResponseSchema, source);
    },
    async resolveSignedSource({ sourceId = '' }) {
      await ask(sourceId);
      const source = [...sources.values()].find((known) => known.sourceId === sourceId);
      if (!source?.signature) throw new AppError('not_found', 'webhook_source_not_found', 'There is no such source.');
      const { defaultEventType = '', ...known } = source;
      const { orgId, deduplication, rateLimitPerSecond, signature } = create(VerifyTokenResponseSchema, known);
      const settings = { orgId, deduplication, rateLimitPerSecond, defaultEventType };
      return create(ResolveSignedSourceResponseSchema, { ...settings, signature: signature! });
    },
  };
  return { service, tokens };
}

/** A bus that keeps what it is given, and can be down or silent. */
export function fakeBus() {
  const messages: Message[] = [];
  const state = {
    is: 'up' as 'up' | 'down' | 'silent',
    messages,
    followed: [] as FollowOptions[],
    events: () => messages.map(({ value }) => fromBinary(WebhookEventSchema, value)),
    /** Resolved once something was published while the bus was silent. */
    asked: Promise.withResolvers<void>(),
    /** Resolves what was published while the bus was silent. */
    release: Promise.withResolvers<void>(),
  };
  const bus: EventBus = {
    async publish(_topic, batch) {
      if (state.is === 'down') throw new AppError('unavailable', 'bus_unavailable', 'the database is gone');
      if (state.is === 'silent') {
        state.asked.resolve();
        await state.release.promise;
      }
      messages.push(...batch);
    },
    subscribe: () => Promise.reject(new Error('ingest does not consume')),
    follow(options) {
      state.followed.push(options);
      return { [Symbol.asyncDispose]: async () => void state.followed.splice(state.followed.indexOf(options), 1) };
    },
    async check() {
      if (state.is !== 'up') throw new AppError('unavailable', 'bus_unavailable', 'the database is gone');
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return { state, bus };
}

export const CONFIG: IngestConfig = {
  maxBodyBytes: 1024 * 1024,
  maxKeys: 65_536,
  rateLimitPerSecond: 1_000_000,
  lookUpTimeoutMs: 1_500,
  publishTimeoutMs: 3_500,
};

/** Ingest in a Fastify of its own, with everything around it faked, the clock included. */
export async function startIngest(config: Partial<IngestConfig> = {}, deps: Partial<IngestDependencies> = {}) {
  const clock = { nowMs: 1_800_000_000_000 };
  const { service: tokenService, tokens } = fakeTokenService();
  const { state: busState, bus } = fakeBus();
  const { logger, lines } = recordingLogger();
  const metrics = createMetrics();
  const service = await createIngest(
    { ...CONFIG, ...config },
    { bus, tokens, logger, metrics, clock: () => clock.nowMs, ...deps },
  );
  const ofFastify: FastifyBaseLogger = logger.child({}, { level: 'warn' });
  const app = fastify({ loggerInstance: ofFastify, routerOptions: { maxParamLength: 65_536 } });
  service.http?.(app);
  await app.ready();
  const token = tokenService.issue();

  return {
    app,
    service,
    clock,
    tokenService,
    bus: busState,
    lines,
    metrics,
    token,
    /** Sends a body with the token; both can be replaced. */
    send: (payload: InjectOptions['payload'], headers: Record<string, string> = {}) =>
      app.inject({
        method: 'POST',
        url: '/webhooks/events',
        headers: { 'content-type': 'application/json', 'x-webhook-token': token, ...headers },
        ...(payload !== undefined && { payload }),
      }),
    async [Symbol.asyncDispose]() {
      await app.close();
      await service[Symbol.asyncDispose]();
    },
  };
}

export const event = (fields: object = {}): string =>
  JSON.stringify({ event_type: 'invoice.uploaded', payload: { invoice_id: 'INV-1' }, ...fields });
