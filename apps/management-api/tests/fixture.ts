import type { DescService } from '@bufbuild/protobuf';
import { createClient, type Client, type Interceptor } from '@connectrpc/connect';
import { authenticateWith, createServiceIdentities, permissionsOf, type Authenticate } from '@agent-platform/auth';
import { createPool } from '@agent-platform/database';
import * as proto from '@agent-platform/proto';
import {
  clientInterceptors,
  localTransport,
  serverInterceptors,
  toConnectError,
  type Routes,
} from '@agent-platform/rpc';
import type { AppError } from '@agent-platform/errors';
import type { JsonValue } from '@agent-platform/json';
import type { ServiceName } from '@agent-platform/runtime';
import { createLogger } from '@agent-platform/telemetry';
import { createTestDatabase } from '@agent-platform/testing';
import { createTokenService, generateVersionedKey, parseVersionedKeys } from '@agent-platform/token-service';
import { createManagementApi, readManagementApiConfig, type ManagementApiConfig } from '../src/index.ts';
import { createDispatcherDouble } from './dispatcher-double.ts';

const { CredentialService, WebhookTokenService } = proto;

export const { publicServices } = proto;
export const everyPermission = permissionsOf(publicServices);
export const logger = createLogger({ level: 'silent', service: 'test' });
const identities = await createServiceIdentities();

/** management-api and token-service in one process, wired as on one machine, over databases of their own. */
export async function createFixture(limits: Partial<ManagementApiConfig['limits']> = {}) {
  const resources = new AsyncDisposableStack();
  const [database, tokenDatabase] = [await createTestDatabase(), await createTestDatabase()];
  resources.use(database);
  resources.use(tokenDatabase);
  // Every look at the clock is a millisecond later than the one before, so that what happens later also says so.
  let nowMs = Date.parse('2026-03-01T12:00:00Z');
  const clock = () => ++nowMs;
  const keys = { peppers: generateVersionedKey(), keyRing: generateVersionedKey() };
  const bus = { publish: () => Promise.resolve() };
  const tokenService = resources.use(
    await createTokenService(
      { peppers: parseVersionedKeys(keys.peppers)!, keyRing: parseVersionedKeys(keys.keyRing)! },
      { databaseUrl: tokenDatabase.url, bus, logger, clock },
    ),
  );
  const dispatcher = createDispatcherDouble();
  /**
   * What comes back from token-service instead of its answer, when a test says so. Deaf: it does not even hear. Silence:
   * until when it answers nothing.
   */
  const faults: { tokenService?: AppError; isDeaf?: boolean; silence?: Promise<void> } = {};
  /** What is found at the URL of GitHub's keys, and how often it was asked for. */
  const github = { status: 200, json: { public_keys: [] } as JsonValue, asked: 0 };

  const transport = (caller: ServiceName, callee: ServiceName, routes: Routes, extra: Interceptor[] = []) =>
    localTransport({
      routes,
      interceptors: serverInterceptors({
        authenticate: identities.authenticatorOf(callee),
        logger,
      }),
      client: [...extra, ...clientInterceptors({ identity: identities.identityOf(caller), callee })],
    });
  const failing: Interceptor = (next) => async (request) => {
    await faults.silence;
    if (faults.tokenService && faults.isDeaf) throw toConnectError(faults.tokenService);
    const response = await next(request);
    if (faults.tokenService) throw toConnectError(faults.tokenService);
    return response;
  };
  const toTokens = transport('management-api', 'token-service', tokenService.routes!, [failing]);
  const management = resources.use(
    await createManagementApi(
      {
        ...readManagementApiConfig({ GITHUB_SECRET_SCANNING_KEYS_URL: 'https://github.example/keys' }),
        allowedAddresses: ['127.0.0.0/8'],
        limits: { ...readManagementApiConfig({}).limits, ...limits },
      },
      {
        databaseUrl: database.url,
        tokens: createClient(WebhookTokenService, toTokens),
        credentials: createClient(CredentialService, toTokens),
        outbound: {
          async json() {
            github.asked++;
            return { status: github.status, headers: {}, json: github.json };
          },
        },
        dispatch: transport('management-api', 'dispatcher', dispatcher.routes),
        logger,
        clock,
      },
    ),
  );
  const authenticate = authenticateWith({
    users,
    services: identities.authenticatorOf('management-api'),
  });

  return {
    dispatcher,
    faults,
    github,
    management,
    authenticate,
    /** Makes it later. */
    passMs: (ms: number) => void (nowMs += ms),
    databaseUrl: database.url,
    tokenDatabaseUrl: tokenDatabase.url,
    /** Of token-service. */
    keys,
    clock,
    /** A client with the given Authorization header. */
    withHeader<S extends DescService>(service: S, authorization: string | undefined): Client<S> {
      const attach: Interceptor = (next) => (request) => {
        if (authorization !== undefined) request.header.set('authorization', authorization);
        return next(request);
      };
      const interceptors = serverInterceptors({ authenticate, logger });
      return createClient(service, localTransport({ routes: management.routes!, interceptors, client: [attach] }));
    },
    /** A client of a user of the tenant. */
    as<S extends DescService>(orgId: string, service: S, permissions = everyPermission): Client<S> {
      const token = Buffer.from(JSON.stringify({ orgId, permissions })).toString('base64url');
      return this.withHeader(service, `Bearer ${token}`);
    },
    /** A client of a service, of management-api or token-service. */
    asService<S extends DescService>(caller: ServiceName, callee: ServiceName, service: S): Client<S> {
      const { routes } = callee === 'token-service' ? tokenService : management;
      return createClient(service, transport(caller, callee, routes!));
    },
    /** Every row of every table of both databases, as text. */
    dump: async () => (await Promise.all([database, tokenDatabase].map(({ url }) => dump(url)))).join('\n'),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

export type Fixture = Awaited<ReturnType<typeof createFixture>>;

/** Reads users from the header as the test wrote it; that JWTs are checked is proven where they are. */
const users: Authenticate = async (authorization) => {
  const json = Buffer.from(authorization!.slice('Bearer '.length), 'base64url').toString();
  const { orgId, permissions } = JSON.parse(json) as { orgId: string; permissions: string[] };
  return { kind: 'user', subject: 'tester', orgId, permissions: new Set(permissions) };
};

async function dump(url: string): Promise<string> {
  const pool = createPool({ url, applicationName: 'dump', logger });
  try {
    const { rows } = await pool.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    );
    const tables = await Promise.all(
      rows.map(({ name }) => pool.query<{ row: string }>(`select t::text as row from "${name}" t`)),
    );
    return tables.flatMap((table) => table.rows.map(({ row }) => row)).join('\n');
  } finally {
    await pool.end();
  }
}
