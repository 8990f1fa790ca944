import { createClient } from '@connectrpc/connect';
import {
  authenticateWith,
  createAccessTokens,
  createServiceAuthenticator,
  createServiceIdentity,
  openServiceKey,
  openServicePublicKeys,
} from '@agent-platform/auth';
import { createOutbound } from '@agent-platform/outbound';
import { CredentialService, WebhookTokenService } from '@agent-platform/proto';
import { clientInterceptors, openAdminPort, openPort, remoteTransport, serve } from '@agent-platform/rpc';
import { run, untilAvailable, type ServiceName } from '@agent-platform/runtime';
import { createLogger, createMetrics, startTelemetry } from '@agent-platform/telemetry';
import { processConfigSummary, readProcessConfig } from './config.ts';
import { createManagementApi } from './management-api.ts';

await run('management-api', async (signal) => {
  const { env } = process;
  const config = readProcessConfig(env);
  const { auth, databaseUrl } = config;
  const logger = createLogger({ level: config.logLevel, service: 'management-api' });
  const metrics = createMetrics();
  await using resources = new AsyncDisposableStack();
  const admin = resources.use(await openAdminPort({ ...config, logger, metrics }));
  resources.use(await startTelemetry({ serviceName: 'management-api', env }));
  const key = await openServiceKey(config.serviceKeyFile, { logger });
  const keys = await openServicePublicKeys(config.servicePublicKeysFile, { logger });
  const port = resources.use(await openPort(config));
  const identity = createServiceIdentity({ service: 'management-api', key });
  const transportTo = (callee: ServiceName, baseUrl: string) =>
    resources.use(remoteTransport({ baseUrl, interceptors: clientInterceptors({ identity, callee }) }));
  const toTokens = transportTo('token-service', config.tokenServiceUrl);
  const outbound = resources.use(createOutbound(auth));
  const dependencies = {
    databaseUrl,
    outbound,
    tokens: createClient(WebhookTokenService, toTokens),
    credentials: createClient(CredentialService, toTokens),
    dispatch: transportTo('dispatcher', config.dispatcherUrl),
    logger,
  };
  const create = () => createManagementApi(config, dependencies);
  const managementApi = resources.use(await untilAvailable('database', create, { logger, signal }));
  const users = resources.use(createAccessTokens(auth, { logger }));
  const authenticate = authenticateWith({
    users: users.authenticate,
    services: createServiceAuthenticator({ service: 'management-api', keys }),
  });
  const service = { ...managementApi, checks: { ...managementApi.checks, issuer: () => users.check() } };
  const { url } = resources.use(await serve(port, { services: [service], authenticate, logger, metrics, admin }));
  logger.info({ url, adminUrl: admin.url, config: processConfigSummary(env) }, 'ready');
  return resources.move();
});
