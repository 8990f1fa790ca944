import { checkWritable, createPool, migrate, startPeriodic } from '@agent-platform/database';
import type { EventBus } from '@agent-platform/event-bus';
import type { Routes } from '@agent-platform/rpc';
import type { Service } from '@agent-platform/runtime';
import { createMetrics, type Logger, type Metrics } from '@agent-platform/telemetry';
import { createBackground } from './background.ts';
import { createDataKeys } from './credentials/data-keys.ts';
import { createKeyRing } from './credentials/key-ring.ts';
import { DATA_KEY_MAX_AGE_MS } from './credentials/rotation/context.ts';
import { createRotationMetrics } from './credentials/rotation/rotation-metrics.ts';
import { startRotation } from './credentials/rotation/start-rotation.ts';
import { createDatabase, migrationsDir } from './database.ts';
import { createRoutes } from './routes.ts';
import { pruneTokens } from './tokens/prune-tokens.ts';
import type { VersionedKeys } from './versioned-keys.ts';

export interface TokenServiceConfig {
  /** Of the hashes of webhook tokens. */
  readonly peppers: VersionedKeys;
  /** Wraps the data keys of skill credentials. A key that takes over has a higher version than those before it. */
  readonly keyRing: VersionedKeys;
  /** When a tenant gets a new data key. Default: 90 days. */
  readonly dataKeyMaxAgeMs?: number;
}

export interface TokenServiceDependencies {
  /** A database of its own; brought to the newest schema first. */
  readonly databaseUrl: string;
  /** Where changes and alerts are published; may be away at any time. Stays the caller's. */
  readonly bus: Pick<EventBus, 'publish'>;
  readonly logger: Logger;
  /** Default: some that nobody reads. */
  readonly metrics?: Metrics;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** Keeps webhook tokens, as hashes, and skill credentials, as ciphertexts. */
export async function createTokenService(
  config: TokenServiceConfig,
  { databaseUrl, bus, logger, metrics = createMetrics(), clock = Date.now }: TokenServiceDependencies,
): Promise<Service<Routes>> {
  await migrate({ url: databaseUrl, migrationsDir });
  await using resources = new AsyncDisposableStack();
  const pool = createPool({ url: databaseUrl, applicationName: 'token-service', logger });
  resources.defer(() => pool.end());
  const database = resources.use(createDatabase(pool));

  const { peppers, keyRing, dataKeyMaxAgeMs = DATA_KEY_MAX_AGE_MS } = config;
  const keyEncryption = createKeyRing(keyRing);
  const dataKeys = createDataKeys({ pool, keyEncryption, clock });
  const rotation = { pool, keyRing, keyEncryption, dataKeys, dataKeyMaxAgeMs, logger, clock };
  resources.use(startRotation(rotation, createRotationMetrics(metrics, pool, keyRing)));
  const prune = async (signal: AbortSignal) => (await pruneTokens(pool, clock(), signal)) > 0;
  resources.use(startPeriodic({ name: 'the deletion of tokens that ended long ago', pass: prune, logger }));

  const background = resources.use(createBackground({ logger, metrics, clock }));
  const alerts = metrics.counter({
    name: 'token_service_security_alerts_total',
    help: 'What a person should look at: ended tokens that were used, tokens found in public.',
    labels: ['kind'],
  });

  const owned = resources.move();
  return {
    name: 'token-service',
    routes: createRoutes({ database, pool, peppers, keyRing, dataKeys, bus, background, logger, alerts, clock }),
    checks: {
      database: () => checkWritable(pool),
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
