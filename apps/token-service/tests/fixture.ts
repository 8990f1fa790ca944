import { createClient, type Client } from '@connectrpc/connect';
import { create, fromBinary, type DescMessage, type DescService, type MessageShape } from '@bufbuild/protobuf';
import { createServiceIdentities } from '@agent-platform/auth';
import { createPool, type Pool } from '@agent-platform/database';
import type { Message } from '@agent-platform/event-bus';
import { PutCredentialRequestSchema, type Topic } from '@agent-platform/proto';
import { clientInterceptors, localTransport, serverInterceptors } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/errors';
import type { ServiceName } from '@agent-platform/runtime';
import { createLogger, createMetrics, type Metrics } from '@agent-platform/telemetry';
import { createTestDatabase } from '@agent-platform/testing';
import { createBackground } from '../src/background.ts';
import type { Context } from '../src/context.ts';
import { createDataKeys } from '../src/credentials/data-keys.ts';
import { createKeyRing } from '../src/credentials/key-ring.ts';
import { openSecrets } from '../src/credentials/open-secrets.ts';
import { putCredential } from '../src/credentials/put-credential.ts';
import type { RotationContext } from '../src/credentials/rotation/context.ts';
import { createDatabase, migrationsDir } from '../src/database.ts';
import { createTokenService } from '../src/token-service.ts';
import { generateVersionedKey, parseVersionedKeys } from '../src/versioned-keys.ts';

export interface Skill {
  readonly orgId: string;
  readonly skillId: string;
}

/** Of the server that credentials are put and resolved for, unless a test says otherwise. */
export const ORIGIN = 'https://mcp.example';

export const putHeaders = (context: Context, skill: Skill, headers: Record<string, string>) =>
  putCredential(context, create(PutCredentialRequestSchema, { ...skill, origin: ORIGIN, headers }));

/** Whatever server they are bound to. */
export async function resolve(context: Context, { orgId, skillId }: Skill): Promise<Record<string, string>> {
  const { headers = '{}' } = await openSecrets(context, { orgId, ownerId: skillId });
  return JSON.parse(headers) as Record<string, string>;
}

export const logger = createLogger({ level: 'silent', service: 'test' });
const identities = await createServiceIdentities();

/** A database, and token-services over it with peppers, keys and a clock of the test's choice. */
export async function createFixture(chosen: { keyRing?: string } = {}) {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase({ migrationsDir }));
  const pool: Pool = createPool({ url: database.url, applicationName: 'test', max: 5, logger });
  resources.defer(() => pool.end());
  const prisma = resources.use(createDatabase(pool));
  const keys = { peppers: generateVersionedKey(), keyRing: generateVersionedKey(), ...chosen };
  const time = { nowMs: Date.parse('2026-03-01T12:00:00Z') };
  const bus = recordingBus();

  return {
    url: database.url,
    pool,
    keys,
    time,
    bus,
    async start(changed: Partial<typeof keys & { dataKeyMaxAgeMs: number; metrics: Metrics }> = {}) {
      const { peppers, keyRing, metrics, ...config } = { ...keys, ...changed };
      const service = resources.use(
        await createTokenService(
          { ...config, peppers: parseVersionedKeys(peppers)!, keyRing: parseVersionedKeys(keyRing)! },
          { databaseUrl: database.url, bus, logger, clock: () => time.nowMs, ...(metrics && { metrics }) },
        ),
      );
      const authenticate = identities.authenticatorOf('token-service');
      return {
        as<S extends DescService>(caller: ServiceName | undefined, offered: S): Client<S> {
          const transport = localTransport({
            routes: service.routes!,
            interceptors: serverInterceptors({ authenticate, logger }),
            client: caller
              ? clientInterceptors({
                  identity: identities.identityOf(caller),
                  callee: 'token-service',
                })
              : [],
          });
          return createClient(offered, transport);
        },
      };
    },
    /** What RPCs and rotation work with, and nothing that runs by itself. */
    context(
      o: { keyRing?: string | undefined; dataKeyMaxAgeMs?: number; pool?: Pool } = {},
    ): Context & RotationContext {
      const keyRing = parseVersionedKeys(o.keyRing ?? keys.keyRing)!;
      const keyEncryption = createKeyRing(keyRing);
      const clock = () => time.nowMs;
      return {
        pool: o.pool ?? pool,
        database: prisma,
        peppers: parseVersionedKeys(keys.peppers)!,
        keyRing,
        keyEncryption,
        dataKeys: createDataKeys({ pool: o.pool ?? pool, keyEncryption, clock }),
        dataKeyMaxAgeMs: o.dataKeyMaxAgeMs ?? Infinity,
        bus,
        background: createBackground({ logger, metrics: createMetrics(), clock }),
        alerts: createMetrics().counter({ name: 'alerts', help: 'alerts', labels: ['kind'] }),
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

/** A bus that keeps what it is given, and can be down. */
export function recordingBus() {
  const published: { topic: string; message: Message }[] = [];
  return {
    isDown: false,
    published,
    /** What was published to a topic so far. */
    messages: <S extends DescMessage>(topic: Topic<S>): MessageShape<S>[] =>
      published.filter((one) => one.topic === topic.name).map(({ message }) => fromBinary(topic.schema, message.value)),
    async publish(topic: Topic, messages: readonly Message[]): Promise<void> {
      if (this.isDown) throw new AppError('unavailable', 'bus_unavailable', 'The bus is away.');
      published.push(...messages.map((message) => ({ topic: topic.name, message })));
    },
  };
}

/** A text, and how it would look inside of binary columns and encodings. */
export function spellings(text: string): string[] {
  const bytes = Buffer.from(text);
  return [text, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, '').slice(0, -1)];
}
