import { createClient } from '@connectrpc/connect';
import { createServiceAuthenticator, createServiceIdentity } from '@agent-platform/auth';
import { createPostgresBus } from '@agent-platform/event-bus';
import { createMcpClient } from '@agent-platform/mcp-client';
import { ConfigurationService, CredentialService } from '@agent-platform/proto';
import { clientInterceptors, createServer, remoteTransport } from '@agent-platform/rpc';
import { createLogger, createMetrics, run, startTelemetry, type ServiceName } from '@agent-platform/service';
import { processConfigSummary, readProcessConfig } from './config.ts';
import { createDispatcher } from './dispatcher.ts';

await run('dispatcher', async () => {
  const { env } = process;
  const config = readProcessConfig(env);
  const { databaseUrl, allowedAddresses, host, port } = config;
  const secret = Buffer.from(config.serviceSecret);
  const logger = createLogger({ level: config.logLevel, service: 'dispatcher' });
  const metrics = createMetrics();
  await using resources = new AsyncDisposableStack();
  resources.use(await startTelemetry({ serviceName: 'dispatcher', env }));
  const bus = resources.use(await createPostgresBus({ url: config.busUrl, logger }));
  const mcp = resources.use(createMcpClient({ allowedAddresses, logger }));
  const identity = createServiceIdentity({ service: 'dispatcher', secret });
  const remote = (callee: ServiceName, baseUrl: string) =>
    resources.use(remoteTransport({ baseUrl, interceptors: clientInterceptors({ identity, callee }) }));
  const configuration = createClient(ConfigurationService, remote('management-api', config.managementApiUrl));
  const credentials = createClient(CredentialService, remote('token-service', config.tokenServiceUrl));
  const dispatcher = resources.use(
    await createDispatcher(config, { databaseUrl, bus, configuration, credentials, mcp, logger, metrics }),
  );
  const authenticate = createServiceAuthenticator({ service: 'dispatcher', secret });
  const services = [dispatcher];
  const { url } = resources.use(await createServer({ services, authenticate, logger, metrics, host, port }));
  logger.info({ url, config: processConfigSummary(env) }, 'ready');
  return resources.move();
});
