import { createPool, migrate } from '@agent-platform/database';
import type { Routes } from '@agent-platform/rpc';
import type { Logger, Service } from '@agent-platform/service';
import { createSealer } from './credentials/sealing.ts';
import { createDatabase, migrationsDir } from './database.ts';
import { createRoutes } from './routes.ts';
import type { VersionedKeys } from './versioned-keys.ts';

export interface TokenServiceConfig {
  /** Of the hashes of webhook tokens. */
  readonly peppers: VersionedKeys;
  /** Of the ciphertexts of skill credentials. */
  readonly keyRing: VersionedKeys;
}

export interface TokenServiceDependencies {
  /** A database of its own; brought to the newest schema first. */
  readonly databaseUrl: string;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** Keeps webhook tokens, as hashes, and skill credentials, as ciphertexts. */
export async function createTokenService(
  config: TokenServiceConfig,
  { databaseUrl, logger, clock = Date.now }: TokenServiceDependencies,
): Promise<Service<Routes>> {
  await migrate({ url: databaseUrl, migrationsDir });
  const pool = createPool({ url: databaseUrl, applicationName: 'token-service', logger });
  const database = createDatabase(pool);
  return {
    name: 'token-service',
    routes: createRoutes({ database, peppers: config.peppers, sealer: createSealer(config.keyRing), clock }),
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
