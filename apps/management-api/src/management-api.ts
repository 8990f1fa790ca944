import type { Client, Transport } from '@connectrpc/connect';
import { createPool, migrate } from '@agent-platform/database';
import { createAddressRules } from '@agent-platform/mcp-client';
import { EventService, RunService, type CredentialService, type WebhookTokenService } from '@agent-platform/proto';
import { forward, type Routes } from '@agent-platform/rpc';
import type { Logger, Service } from '@agent-platform/service';
import { createDatabase, migrationsDir } from './database.ts';
import { createRoutes } from './routes.ts';

export interface ManagementApiConfig {
  /** Ranges such as `127.0.0.0/8` where skills may have their servers although they are not public. */
  readonly allowedAddresses: readonly string[];
}

export interface ManagementApiDependencies {
  /** A database of its own; brought to the newest schema first. */
  readonly databaseUrl: string;
  /** Of token-service, like `credentials`. */
  readonly tokens: Client<typeof WebhookTokenService>;
  readonly credentials: Client<typeof CredentialService>;
  /** To the dispatcher, which answers for events and runs. */
  readonly dispatch: Transport;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** The public API: owns agents, skills, triggers and webhook sources, and forwards the rest to who owns it. */
export async function createManagementApi(
  config: ManagementApiConfig,
  { databaseUrl, dispatch, clock = Date.now, ...others }: ManagementApiDependencies,
): Promise<Service<Routes>> {
  const addressRules = createAddressRules(config.allowedAddresses);
  await migrate({ url: databaseUrl, migrationsDir });
  const pool = createPool({ url: databaseUrl, applicationName: 'management-api', logger: others.logger });
  const database = createDatabase(pool);
  const routes = createRoutes({ ...others, database, addressRules, clock });
  return {
    name: 'management-api',
    routes(router) {
      routes(router);
      forward(EventService, dispatch)(router);
      forward(RunService, dispatch)(router);
    },
    checks: {
      database: async () => {
        await pool.query('select 1');
      },
    },
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}
