import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from '@agent-platform/rpc';
import { createDevelopmentIssuer } from '@agent-platform/platform';
import type { Env } from '@agent-platform/config';
import type { ServiceName } from '@agent-platform/runtime';
import { createLogger, createMetrics, type Logger } from '@agent-platform/telemetry';
import { provideDatabases, provideKafka, provideTopics } from './backing.ts';
import { startBalancer } from './balancer.ts';
import { environments, type Databases } from './environments.ts';
import { guard } from './guard.ts';
import { servicePorts } from './ports.ts';
import { startRouter } from './router.ts';
import { ServiceProcess } from './service-process.ts';

export interface ClusterOptions {
  /** Default 1. */
  readonly ingests?: number;
  /** Default 1. */
  readonly dispatchers?: number;
  /** Of the one address for everything. Default: any free one. */
  readonly port?: number;
  /** Logs, secrets and the embedded database. Default: a temporary one, gone afterwards. */
  readonly dataDir?: string;
  /** Default: `provideDatabases`. */
  readonly databases?: Databases;
  /** Default: `provideKafka`. */
  readonly busUrl?: string;
  /** Runs what `npm run build` has written instead of the sources. Default false. */
  readonly bundled?: boolean;
  /** Has the last word on what a service is started with: to put a proxy in between, for example. */
  readonly environment?: (service: ServiceName, env: Env) => Env;
}

/**
 * The platform as it runs in production, on this machine: each service a process of its own, over Kafka, PostgreSQL and
 * HTTP/2. The launcher adds what a production has anyway: an issuer of access tokens, and a gateway.
 */
export class Cluster implements AsyncDisposable {
  /** One address for webhooks, management API and token requests. */
  readonly url: string;
  readonly directory: string;
  readonly busUrl: string;
  readonly databases: Databases;
  readonly ingests: readonly ServiceProcess[];
  readonly dispatchers: readonly ServiceProcess[];
  readonly managementApi: ServiceProcess;
  readonly tokenService: ServiceProcess;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    known: Pick<Cluster, 'url' | 'directory' | 'busUrl' | 'databases'>,
    processes: readonly ServiceProcess[],
    resources: AsyncDisposableStack,
  ) {
    this.url = known.url;
    this.directory = known.directory;
    this.busUrl = known.busUrl;
    this.databases = known.databases;
    const of = (service: ServiceName) => processes.filter((process) => process.service === service);
    this.ingests = of('ingest');
    this.dispatchers = of('dispatcher');
    this.managementApi = of('management-api')[0]!;
    this.tokenService = of('token-service')[0]!;
    this.#resources = resources;
  }

  /** Every process of a service. */
  get processes(): readonly ServiceProcess[] {
    return [this.tokenService, this.managementApi, ...this.dispatchers, ...this.ingests];
  }

  /** Starts everything and waits until it is ready, or stops what had started and rejects. */
  static async create(options: ClusterOptions = {}): Promise<Cluster> {
    const { ingests = 1, dispatchers = 1, port = 0 } = options;
    await using resources = new AsyncDisposableStack();
    const logger = createLogger({ level: 'warn', service: 'cluster' });
    const directory = await provideDirectory(resources, options.dataDir);
    resources.use(guard(directory, { remove: options.dataDir === undefined }));
    const [databases, busUrl] = await Promise.all([
      options.databases ?? provideDatabases(resources, { directory, env: process.env, logger }),
      options.busUrl ?? provideKafka(resources, process.env),
    ]);
    await provideTopics(busUrl, logger);
    const issuerUrl = await provideIssuer(resources, directory, logger);

    const names = [
      ['token-service', 'token-service'] as const,
      ['management-api', 'management-api'] as const,
      ...Array.from({ length: dispatchers }, (_, n) => ['dispatcher', `dispatcher-${n + 1}`] as const),
      ...Array.from({ length: ingests }, (_, n) => ['ingest', `ingest-${n + 1}`] as const),
    ];
    const allPorts = await servicePorts(2 * names.length);
    const [ports, adminPorts] = [allPorts.slice(0, names.length), allPorts.slice(names.length)];
    const urls = (service: ServiceName) =>
      ports.filter((_, n) => names[n]![0] === service).map((own) => `http://127.0.0.1:${own}`);
    const toDispatchers = resources.use(await startBalancer(urls('dispatcher')));
    const environment = await environments(directory, {
      busUrl,
      databases,
      issuerUrl,
      managementApiUrl: urls('management-api')[0]!,
      tokenServiceUrl: urls('token-service')[0]!,
      dispatcherUrl: toDispatchers.url,
    });
    const processes = names.map(([service, name], n) => {
      const own = { ...environment[service], PORT: String(ports[n]), ADMIN_PORT: String(adminPorts[n]) };
      const env = options.environment?.(service, own) ?? own;
      const program = `apps/${service}/${options.bundled ? 'dist/src/main.js' : 'src/main.ts'}`;
      return new ServiceProcess({ name, service, program, env, directory });
    });
    const stop = (services: readonly ServiceName[]) => async () => {
      await Promise.all(processes.filter(({ service }) => services.includes(service)).map((process) => process.stop()));
    };
    resources.defer(stop(['management-api', 'token-service']));
    // First those who have work to finish; they need the others for it.
    resources.defer(stop(['ingest', 'dispatcher']));
    const toIngests = resources.use(await startBalancer(urls('ingest')));
    const router = await startRouter(port, [
      ['/webhooks/', toIngests.url],
      ['/oauth/token', issuerUrl],
      ['/.well-known/jwks.json', issuerUrl],
      ['', urls('management-api')[0]!],
    ]);
    resources.use(router);
    await Promise.all(processes.map((process) => process.start()));
    return new Cluster({ url: router.url, directory, busUrl, databases }, processes, resources.move());
  }

  /** Stops in order: the address, ingests and dispatchers, the other services, then what they ran on. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

async function provideDirectory(resources: AsyncDisposableStack, dataDir: string | undefined): Promise<string> {
  if (dataDir !== undefined) {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    return dataDir;
  }
  const directory = await mkdtemp(join(tmpdir(), 'agent-platform-cluster-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function provideIssuer(resources: AsyncDisposableStack, directory: string, logger: Logger): Promise<string> {
  const [port] = await servicePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const issuer = await createDevelopmentIssuer({ issuer: url, keyFile: join(directory, 'development-issuer.jwk') });
  const { authenticate } = issuer;
  const shared = { logger, metrics: createMetrics(), host: '127.0.0.1', port: port! };
  resources.use(await createServer({ ...shared, services: [], authenticate, http: (app) => issuer.http(app) }));
  return url;
}
