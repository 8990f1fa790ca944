import { createClient, type Client } from '@connectrpc/connect';
import type { DescService } from '@bufbuild/protobuf';
import { createServiceAuthenticator, createServiceIdentity } from '@agent-platform/auth';
import { createPool, type Pool } from '@agent-platform/database';
import { clientInterceptors, localTransport, serverInterceptors } from '@agent-platform/rpc';
import { createLogger, type ServiceName } from '@agent-platform/service';
import { createTestDatabase } from '@agent-platform/testing';
import { migrationsDir } from '../src/database.ts';
import { createTokenService } from '../src/token-service.ts';
import { generateVersionedKey, parseVersionedKeys } from '../src/versioned-keys.ts';

export const logger = createLogger({ level: 'silent', service: 'test' });
const secret = Buffer.alloc(32, 1);

/** A database, and token-services over it with peppers, keys and a clock of the test's choice. */
export async function createFixture() {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase({ migrationsDir }));
  const pool: Pool = createPool({ url: database.url, applicationName: 'test', max: 2, logger });
  resources.defer(() => pool.end());
  const keys = { peppers: generateVersionedKey(), keyRing: generateVersionedKey() };
  const time = { nowMs: Date.parse('2026-03-01T12:00:00Z') };

  return {
    pool,
    keys,
    time,
    async start(changed: Partial<typeof keys> = {}) {
      const { peppers, keyRing } = { ...keys, ...changed };
      const service = resources.use(
        await createTokenService(
          { peppers: parseVersionedKeys(peppers)!, keyRing: parseVersionedKeys(keyRing)! },
          { databaseUrl: database.url, logger, clock: () => time.nowMs },
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
