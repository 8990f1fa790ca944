import { createClient, type Client } from '@connectrpc/connect';
import { create, type DescService } from '@bufbuild/protobuf';
import { createServiceAuthenticator, createServiceIdentity } from '@agent-platform/auth';
import { createPool, type Pool } from '@agent-platform/database';
import { PutCredentialRequestSchema, ResolveCredentialRequestSchema } from '@agent-platform/proto';
import { clientInterceptors, localTransport, serverInterceptors } from '@agent-platform/rpc';
import { createLogger, type Metrics, type ServiceName } from '@agent-platform/service';
import { createTestDatabase } from '@agent-platform/testing';
import type { Context } from '../src/context.ts';
import { createDataKeys } from '../src/credentials/data-keys.ts';
import { createKeyRing } from '../src/credentials/key-ring.ts';
import { putCredential } from '../src/credentials/put-credential.ts';
import { resolveCredential } from '../src/credentials/resolve-credential.ts';
import type { RotationContext } from '../src/credentials/rotation/context.ts';
import { createDatabase, migrationsDir } from '../src/database.ts';
import { createTokenService } from '../src/token-service.ts';
import { generateVersionedKey, parseVersionedKeys } from '../src/versioned-keys.ts';

export interface Skill {
  readonly orgId: string;
  readonly skillId: string;
}

export const putHeaders = (context: Context, skill: Skill, headers: Record<string, string>) =>
  putCredential(context, create(PutCredentialRequestSchema, { ...skill, headers }));

export const resolve = (context: Context, skill: Skill) =>
  resolveCredential(context, create(ResolveCredentialRequestSchema, skill));

export const logger = createLogger({ level: 'silent', service: 'test' });
const secret = Buffer.alloc(32, 1);

/** A database, and token-services over it with peppers, keys and a clock of the test's choice. */
export async function createFixture(chosen: { keyRing?: string } = {}) {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase({ migrationsDir }));
  const pool: Pool = createPool({ url: database.url, applicationName: 'test', max: 5, logger });
  resources.defer(() => pool.end());
  const prisma = resources.use(createDatabase(pool));
  const keys = { peppers: generateVersionedKey(), keyRing: generateVersionedKey(), ...chosen };
  const time = { nowMs: Date.parse('2026-03-01T12:00:00Z') };

  return {
    url: database.url,
    pool,
    keys,
    time,
    async start(changed: Partial<typeof keys & { dataKeyMaxAgeMs: number; metrics: Metrics }> = {}) {
      const { peppers, keyRing, metrics, ...config } = { ...keys, ...changed };
      const service = resources.use(
        await createTokenService(
          { ...config, peppers: parseVersionedKeys(peppers)!, keyRing: parseVersionedKeys(keyRing)! },
          { databaseUrl: database.url, logger, clock: () => time.nowMs, ...(metrics && { metrics }) },
        ),
      );
      const authenticate = createServiceAuthenticator({ service: 'token-service', secret });
      return {
        as<S extends DescService>(caller: ServiceName | undefined, offered: S): Client<S> {
          const transport = localTransport({
            routes: service.routes!,
            interceptors: serverInterceptors({ authenticate, logger }),
            client: caller
              ? clientInterceptors({
                  identity: createServiceIdentity({ service: caller, secret }),
                  callee: 'token-service',
                })
              : [],
          });
          return createClient(offered, transport);
        },
      };
    },
    /** What RPCs and rotation work with, and nothing that runs by itself. */
    context(o: { keyRing?: string | undefined; dataKeyMaxAgeMs?: number } = {}): Context & RotationContext {
      const keyRing = parseVersionedKeys(o.keyRing ?? keys.keyRing)!;
      const keyEncryption = createKeyRing(keyRing);
      const clock = () => time.nowMs;
      return {
        pool,
        database: prisma,
        peppers: parseVersionedKeys(keys.peppers)!,
        keyRing,
        keyEncryption,
        dataKeys: createDataKeys({ pool, keyEncryption, clock }),
        dataKeyMaxAgeMs: o.dataKeyMaxAgeMs ?? Infinity,
        logger,
        clock,
      };
    },
    /** Every row of every table, as text. */
    async dump(): Promise<string> {
      const tables = await pool.query<{ name: string }>(
        `select table_name as name from information_schema.tables where table_schema = 'public'`,
      );
      const dumps = await Promise.all(
        tables.rows.map(({ name }) => pool.query<{ row: string }>(`select t::text as row from "${name}" t`)),
      );
      return dumps.flatMap(({ rows }) => rows.map(({ row }) => row)).join('\n');
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A text, and how it would look inside of binary columns and encodings. */
export function spellings(text: string): string[] {
  const bytes = Buffer.from(text);
  return [text, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, '').slice(0, -1)];
}
