import type { Client, Transport } from '@connectrpc/connect';
import { checkWritable, createPool, mapDatabaseFaults, migrate, startPeriodic } from '@agent-platform/database';
import { createAddressRules, type Outbound } from '@agent-platform/outbound';
import {
  DeadLetterService,
  EventService,
  ReplayService,
  RunService,
  type CredentialService,
  type WebhookTokenService,
} from '@agent-platform/proto';
import { forward, type Routes } from '@agent-platform/rpc';
import type { Service } from '@agent-platform/runtime';
import type { Logger } from '@agent-platform/telemetry';
import { pruneRevisions } from './configuration/prune-revisions.ts';
import type { Limits } from './context.ts';
import { createDatabase, migrationsDir } from './database.ts';
import { createHandovers } from './handovers/handovers.ts';
import { createSettle } from './handovers/settle.ts';
import { settleInTheBackground } from './handovers/settle-in-the-background.ts';
import { resolveReferences } from './resolve-references.ts';
import { createRoutes } from './routes.ts';
import { createGithubKeys } from './secret-scanning/github-keys.ts';
import { githubRoute } from './secret-scanning/github-route.ts';

export interface ManagementApiConfig {
  /** Ranges such as `127.0.0.0/8` where skills may have their servers although they are not public. */
  readonly allowedAddresses: readonly string[];
  /** Where GitHub publishes the keys that it signs leak reports with. */
  readonly githubKeysUrl: string;
  /** How long the configuration as it was is kept, in milliseconds: as long as the events that met it. */
  readonly keepRevisionsMs: number;
  readonly limits: Limits;
  /** What ingest applies to sources that set no limit of their own. */
  readonly defaultRateLimitPerSecond: number;
}

export interface ManagementApiDependencies {
  /** A database of its own; brought to the newest schema first. */
  readonly databaseUrl: string;
  /** Of token-service, like `credentials`. */
  readonly tokens: Client<typeof WebhookTokenService>;
  readonly credentials: Client<typeof CredentialService>;
  /** To the dispatcher, which answers for events and runs. */
  readonly dispatch: Transport;
  /** To GitHub's keys. */
  readonly outbound: Pick<Outbound, 'json'>;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** The public API: owns agents, skills, triggers and webhook sources, and forwards the rest to who owns it. */
export async function createManagementApi(
  config: ManagementApiConfig,
  { databaseUrl, dispatch, outbound, clock = Date.now, ...others }: ManagementApiDependencies,
): Promise<Service<Routes>> {
  const addressRules = createAddressRules(config.allowedAddresses);
  await migrate({ url: databaseUrl, migrationsDir });
  const pool = createPool({ url: databaseUrl, applicationName: 'management-api', logger: others.logger });
  const database = createDatabase(pool);
  const settle = createSettle({ ...others, database });
  const handovers = createHandovers({ database, pool, settle, clock });
  const background = settleInTheBackground({ pool, settle, logger: others.logger, clock });
  const pruning = startPeriodic({
    name: 'the deletion of old configurations',
    pass: () => pruneRevisions(pool, { keepMs: config.keepRevisionsMs, nowMs: clock() }),
    logger: others.logger,
  });
  const { limits, defaultRateLimitPerSecond } = config;
  const routes = createRoutes({
    ...others,
    database,
    handovers,
    addressRules,
    limits,
    defaultRateLimitPerSecond,
    clock,
  });
  const forwarded = [EventService, RunService, ReplayService, DeadLetterService];
  const { prepare } = mapDatabaseFaults({ prepare: resolveReferences(database, forwarded) });
  const keys = createGithubKeys({ url: config.githubKeysUrl, outbound, clock });
  return {
    name: 'management-api',
    http: (app) => githubRoute(app, { keys, tokens: others.tokens }),
    routes(router) {
      routes(router);
      for (const service of forwarded) forward(service, dispatch, prepare)(router);
    },
    checks: {
      database: () => checkWritable(pool),
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([background[Symbol.asyncDispose](), pruning[Symbol.asyncDispose]()]);
      await database[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}
