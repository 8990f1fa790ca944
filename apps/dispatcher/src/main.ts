import { createClient } from '@connectrpc/connect';
import {
  createServiceAuthenticator,
  createServiceIdentity,
  openServiceKey,
  openServicePublicKeys,
} from '@agent-platform/auth';
import { kafkaSecurityOf, openBus } from '@agent-platform/event-bus';
import { createMcpClient } from '@agent-platform/mcp-client';
import { ConfigurationService, CredentialService } from '@agent-platform/proto';
import { clientInterceptors, openAdminPort, openPort, remoteTransport, serve } from '@agent-platform/rpc';
import { passedOnce, run, untilAvailable, type ServiceName } from '@agent-platform/runtime';
import { createLogger, createMetrics, startTelemetry } from '@agent-platform/telemetry';
import { processConfigSummary, readProcessConfig } from './config.ts';
import { createDispatcher } from './dispatcher.ts';

await run('dispatcher', async (signal) => {
  const { env } = process;
  const config = readProcessConfig(env);
  const { databaseUrl, allowedAddresses } = config;
  const logger = createLogger({ level: config.logLevel, service: 'dispatcher' });
  const metrics = createMetrics();
  const security = kafkaSecurityOf(config);
  await using resources = new AsyncDisposableStack();
  const admin = resources.use(await openAdminPort({ ...config, logger, metrics }));
  resources.use(await startTelemetry({ serviceName: 'dispatcher', env }));
  const key = await openServiceKey(config.serviceKeyFile, { logger });
  const keys = await openServicePublicKeys(config.servicePublicKeysFile, { logger });
  const port = resources.use(await openPort(config));
  const openTheBus = () => openBus({ url: config.busUrl, clientId: 'dispatcher', security, logger });
  const bus = resources.use(await untilAvailable('event bus', openTheBus, { logger, signal }));
  const mcp = resources.use(createMcpClient({ allowedAddresses, logger }));
  const identity = createServiceIdentity({ service: 'dispatcher', key });
  const remote = (callee: ServiceName, baseUrl: string) =>
    resources.use(remoteTransport({ baseUrl, interceptors: clientInterceptors({ identity, callee }) }));
  const toManagement = remote('management-api', config.managementApiUrl);
  const toTokens = remote('token-service', config.tokenServiceUrl);
  const configuration = createClient(ConfigurationService, toManagement);
  const credentials = createClient(CredentialService, toTokens);
  const dependencies = { databaseUrl, bus, configuration, credentials, mcp, logger, metrics };
  const create = () => createDispatcher(config, dependencies);
  const dispatcher = resources.use(await untilAvailable('database', create, { logger, signal }));
  const authenticate = createServiceAuthenticator({ service: 'dispatcher', keys });
  const checks = {
    ...dispatcher.checks,
    // Known triggers outlive an outage of the one, runs wait for the other; before the first answer neither works.
    'management-api': passedOnce(() => toManagement.check()),
    'token-service': passedOnce(() => toTokens.check()),
  };
  const services = [{ ...dispatcher, checks }];
  const { url } = resources.use(await serve(port, { services, authenticate, logger, metrics, admin }));
  logger.info({ url, adminUrl: admin.url, config: processConfigSummary(env) }, 'ready');
  return resources.move();
});
