import { permissionsOf } from '@agent-platform/auth';
import { createPool, type Pool } from '@agent-platform/database';
import type { BatchHandler, ReceivedMessage } from '@agent-platform/event-bus';
import {
  DeadLetterService,
  deadLetterTopic,
  EventService,
  ReplayService,
  RunService,
  RunStatus,
  GetConfigurationResponseSchema,
  GetResourcesResponseSchema,
  publicServices,
  topics,
  WebhookEventSchema,
  type ResourceChange,
  type Run,
  type Topic,
} from '@agent-platform/proto';
import { localTransport, serverInterceptors, type Routes } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/errors';
import type { Service } from '@agent-platform/runtime';
import { createLogger, createMetrics } from '@agent-platform/telemetry';
import { createTestDatabase } from '@agent-platform/testing';
import { create, toBinary } from '@bufbuild/protobuf';
import { createClient, type Client } from '@connectrpc/connect';
import { expect, vi } from 'vitest';
import type { ConfigurationSource } from '../../src/configuration/configuration-cache.ts';
import { createDispatcher, migrationsDir, type DispatcherConfig, type DispatcherDeps } from '../../src/index.ts';
import { changesOf, configurationOf, ORG, URL_OF_SKILL, type Configured } from './configuration.ts';
import { webhookEvent, type SentEvent } from './events.ts';
import { createFakeMcp, tool, type FakeMcp } from './fake-mcp.ts';

export const testConfig: DispatcherConfig = {
  workers: { concurrency: 32, maxOfTenant: 1_000, leaseMs: 10_000, heartbeatMs: 3_000, pollMs: 50, drainMs: 200 },
  retry: { maxAttempts: 5, totalMs: 3_600_000, baseMs: 5, maxMs: 20 },
  circuit: { failures: 100, windowMs: 60_000, cooldownMs: 50 },
  retention: { keepMs: 30 * 86_400_000, everyMs: 3_600_000, batches: { size: 1_000, pauseMs: 0 } },
  models: { openai: {}, anthropic: {}, turnTimeoutMs: 5_000 },
  maxResultBytes: 1024 * 1024,
};

export interface Instance {
  readonly service: Service<Routes>;
  /** As the bus does: one batch. */
  deliver(...events: SentEvent[]): Promise<string[]>;
  /** What a bus has in the topic of dead letters. */
  deliverDeadLetters(...messages: ReceivedMessage[]): Promise<void>;
}

interface Clients {
  readonly replays: Client<typeof ReplayService>;
  readonly runs: Client<typeof RunService>;
  readonly events: Client<typeof EventService>;
  readonly deadLetters: Client<typeof DeadLetterService>;
}

export interface Fixture extends AsyncDisposable, Clients {
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly mcp: FakeMcp;
  /** What management-api answers; an error when it is down. */
  configuration: Configured | Error;
  /** What token-service answers. */
  credential: Record<string, string> | Error;
  readonly resolved: string[];
  /** management-api. */
  readonly source: ConfigurationSource;
  /** Starts a dispatcher on the database. */
  start(over?: {
    config?: Partial<DispatcherConfig>;
    deps?: Partial<DispatcherDeps>;
  }): Promise<Instance & AsyncDisposable>;
  as(orgId: string): Clients;
  /** The event's only run, when it has come to an end. */
  finished(eventId: string): Promise<Run>;
  /** The run, once it has the status. */
  reached(runId: string, status: RunStatus): Promise<Run>;
}

const ENDED: ReadonlySet<RunStatus> = new Set([
  RunStatus.SUCCEEDED,
  RunStatus.FAILED,
  RunStatus.CANCELLED,
  RunStatus.OUTCOME_UNKNOWN,
]);

export async function createFixture(configuration: Configured | Error = configurationOf()): Promise<Fixture> {
  await using resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase({ migrationsDir }));
  const logger = createLogger({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent', service: 'dispatcher' });
  const pool = createPool({ url: database.url, applicationName: 'test', max: 2, logger });
  resources.defer(() => pool.end());
  /** Versions count from 1. */
  const history: ResourceChange[][] = [];
  let last: unknown;
  let latest: Service<Routes> | undefined;
  const clients = new Map<string, Clients>();

  const fixture: Omit<Fixture, typeof Symbol.asyncDispose> = {
    pool,
    databaseUrl: database.url,
    mcp: createFakeMcp({ [URL_OF_SKILL]: [tool('save')] }),
    configuration,
    credential: { authorization: 'Bearer sk-secret-of-the-skill' },
    resolved: [],
    source: {
      async getConfiguration({ orgId, knownVersion }) {
        if (fixture.configuration instanceof Error) throw fixture.configuration;
        if (orgId !== ORG) return create(GetConfigurationResponseSchema, { version: 1n, whole: true });
        if (last !== fixture.configuration) history.push(changesOf(fixture.configuration));
        last = fixture.configuration;
        const version = BigInt(history.length);
        const changes = history.at(-1)!;
        const isKnown = knownVersion === version;
        return create(GetConfigurationResponseSchema, { version, ...(!isKnown && { whole: true, changes }) });
      },
      async getResources({ orgId, version, ids }) {
        if (fixture.configuration instanceof Error) throw fixture.configuration;
        const then = orgId === ORG ? history[Number(version) - 1] : undefined;
        const resources = then?.filter(({ id }) => ids!.includes(id)) ?? [];
        return create(GetResourcesResponseSchema, { known: then !== undefined, resources });
      },
    },
    async start({ config, deps } = {}) {
      const handlers = new Map<string, BatchHandler>();
      const handlerOf = (topic: Topic) => handlers.get(topic.name)!;
      const service = await createDispatcher(
        { ...testConfig, ...config },
        {
          databaseUrl: database.url,
          mcp: fixture.mcp,
          logger,
          metrics: createMetrics(),
          bus: {
            subscribe: async (o) => {
              handlers.set(o.topic.name, o.handler);
              return { check: async () => undefined, [Symbol.asyncDispose]: async () => undefined };
            },
            check: async () => undefined,
          },
          configuration: fixture.source,
          credentials: {
            async resolveCredential({ skillId }) {
              fixture.resolved.push(skillId!);
              if (fixture.credential instanceof Error) throw fixture.credential;
              return { $typeName: 'agentplatform.token.v1.ResolveCredentialResponse', headers: fixture.credential };
            },
          },
          ...deps,
        },
      );
      latest = service;
      clients.clear();
      owned.use(service);
      return {
        service,
        async deliver(...events) {
          const messages = events.map((event, index) => {
            const value = webhookEvent(event);
            const headers: Record<string, string> = event.traceparent ? { traceparent: event.traceparent } : {};
            return {
              id: value.eventId,
              key: value.sourceId,
              value: toBinary(WebhookEventSchema, value),
              headers,
              partition: 0,
              offset: BigInt(index),
            };
          });
          await handlerOf(topics.webhookEvents)(messages, new AbortController().signal);
          return messages.map(({ id }) => id);
        },
        deliverDeadLetters: (...messages) =>
          handlerOf(deadLetterTopic(topics.webhookEvents, 'dispatcher'))(messages, new AbortController().signal),
        [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
      };
    },
    as(orgId) {
      const known = clients.get(orgId);
      if (known) return known;
      const transport = localTransport({
        routes: latest!.routes!,
        interceptors: serverInterceptors({
          logger,
          metrics: createMetrics(),
          authenticate: async () => ({
            kind: 'user',
            subject: 'tester',
            orgId,
            permissions: new Set(permissionsOf(publicServices)),
          }),
        }),
        client: [],
      });
      const made = {
        runs: createClient(RunService, transport),
        events: createClient(EventService, transport),
        replays: createClient(ReplayService, transport),
        deadLetters: createClient(DeadLetterService, transport),
      };
      clients.set(orgId, made);
      return made;
    },
    get runs() {
      return this.as(ORG).runs;
    },
    get events() {
      return this.as(ORG).events;
    },
    get replays() {
      return this.as(ORG).replays;
    },
    get deadLetters() {
      return this.as(ORG).deadLetters;
    },
    async finished(eventId) {
      return vi.waitFor(
        async () => {
          const { runs } = await fixture.runs.listRuns({ eventId });
          const [run] = runs;
          if (!run || !ENDED.has(run.status)) throw new Error(`the run of ${eventId} has not ended`);
          return (await fixture.runs.getRun({ run: run.id })).run!;
        },
        { timeout: 10_000, interval: 10 },
      );
    },
    async reached(id, status) {
      return vi.waitFor(
        async () => {
          const run = (await fixture.runs.getRun({ run: id })).run!;
          if (run.status !== status) throw new Error(`run ${id} has status ${run.status}`);
          return run;
        },
        { timeout: 10_000, interval: 10 },
      );
    },
  };
  const owned = resources.move();
  return Object.assign(fixture, { [Symbol.asyncDispose]: () => owned.disposeAsync() });
}

export const down = (what: string) => new AppError('unavailable', 'unavailable', `${what} is down`);

/** `expect.stringContaining`, without its `any`. */
export const containing = (text: string): unknown => expect.stringContaining(text);
