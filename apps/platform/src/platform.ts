import { join } from 'node:path';
import { createClient, type Transport } from '@connectrpc/connect';
import { createServiceIdentities } from '@agent-platform/auth';
import { EmbeddedPostgres } from '@agent-platform/embedded-postgres';
import { createDispatcher, readDispatcherConfig } from '@agent-platform/dispatcher';
import { openBus } from '@agent-platform/event-bus';
import { createIngest, readIngestConfig } from '@agent-platform/ingest';
import { createManagementApi, readManagementApiConfig } from '@agent-platform/management-api';
import { createMcpClient } from '@agent-platform/mcp-client';
import { createOutbound, LOOPBACK_ADDRESSES } from '@agent-platform/outbound';
import { ConfigurationService, CredentialService, WebhookTokenService } from '@agent-platform/proto';
import { createServer, type Routes } from '@agent-platform/rpc';
import type { Service } from '@agent-platform/runtime';
import { createLogger, createMetrics, startTelemetry } from '@agent-platform/telemetry';
import { createTokenService } from '@agent-platform/token-service';
import type { PlatformConfig } from './config.ts';
import { createInProcessCalls, lazyTransport } from './in-process.ts';
import { createIssuer, type Issuer } from './issuer.ts';
import { loadSecrets } from './secrets.ts';

/** On one machine the MCP servers are on it too. */
const allowedAddresses = LOOPBACK_ADDRESSES;
const DATABASES = ['bus', 'token_service', 'management', 'dispatcher'];

/** The four services in one process, on one port, over a PostgreSQL of their own. */
export class Platform implements AsyncDisposable {
  readonly url: string;
  readonly config: PlatformConfig;
  readonly #resources: AsyncDisposableStack;

  private constructor(url: string, config: PlatformConfig, resources: AsyncDisposableStack) {
    this.url = url;
    this.config = config;
    this.#resources = resources;
  }

  /** Starts everything, or stops what had started and rejects. */
  static async create(config: PlatformConfig): Promise<Platform> {
    await using resources = new AsyncDisposableStack();
    const logger = createLogger({ level: config.logLevel, service: 'platform' });
    const metrics = createMetrics();
    const shared = { logger, metrics };
    resources.use(await startTelemetry({ serviceName: 'agent-platform', env: config.env }));
    const postgres = resources.use(await EmbeddedPostgres.start({ dataDir: join(config.dataDir, 'postgres'), logger }));
    await Promise.all(DATABASES.map((name) => postgres.createDatabase(name)));
    const secrets = await loadSecrets(config.dataDir);
    const call = createInProcessCalls({ identities: await createServiceIdentities(), ...shared });

    const bus = resources.use(await openBus({ url: postgres.url('bus'), clientId: 'platform', logger }));
    const tokenService = resources.use(
      await createTokenService(secrets, { ...shared, bus, databaseUrl: postgres.url('token_service') }),
    );
    const toDispatcher: { transport?: Transport } = {};
    const managementApi = resources.use(
      await createManagementApi(
        { ...readManagementApiConfig(config.env), allowedAddresses },
        {
          ...shared,
          outbound: resources.use(createOutbound({ allowedAddresses })),
          databaseUrl: postgres.url('management'),
          tokens: createClient(WebhookTokenService, call('management-api', tokenService)),
          credentials: createClient(CredentialService, call('management-api', tokenService)),
          dispatch: lazyTransport(() => toDispatcher.transport!),
        },
      ),
    );
    const mcp = resources.use(createMcpClient({ allowedAddresses, logger }));
    const dispatcher = resources.use(
      await createDispatcher(readDispatcherConfig(config.env), {
        ...shared,
        databaseUrl: postgres.url('dispatcher'),
        bus,
        mcp,
        configuration: createClient(ConfigurationService, call('dispatcher', managementApi)),
        credentials: createClient(CredentialService, call('dispatcher', tokenService)),
      }),
    );
    toDispatcher.transport = call('management-api', dispatcher);
    const ingest = resources.use(
      await createIngest(readIngestConfig(config.env), {
        ...shared,
        bus,
        tokens: createClient(WebhookTokenService, call('ingest', tokenService)),
      }),
    );
    const issuer = await createIssuer({ auth: config.auth, keyFile: secrets.issuerKeyFile, logger, resources });
    const { url } = resources.use(
      await createServer({
        services: [ingest, withCheck(managementApi, issuer), checksOnly(dispatcher)],
        authenticate: issuer.authenticate,
        ...(issuer.http && { http: issuer.http }),
        ...shared,
        host: config.host,
        port: config.port,
      }),
    );
    return new Platform(url, config, resources.move());
  }

  /** Stops in the reverse order of the start: first the port, last the database. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

/** Its RPCs are for the other services. */
function checksOnly({ name, checks }: Service<Routes>): Service<Routes> {
  return { name, checks, [Symbol.asyncDispose]: async () => undefined };
}

/** With the issuer among what `/readyz` asks. */
function withCheck(service: Service<Routes>, { check }: Issuer): Service<Routes> {
  return check ? { ...service, checks: { ...service.checks, issuer: check } } : service;
}
