import { createServiceAuthenticator, openServicePublicKeys } from '@agent-platform/auth';
import { kafkaSecurityOf, openInBackground } from '@agent-platform/event-bus';
import { openAdminPort, openPort, serve } from '@agent-platform/rpc';
import { run, untilAvailable } from '@agent-platform/runtime';
import { createLogger, createMetrics, startTelemetry } from '@agent-platform/telemetry';
import { processConfigSummary, readProcessConfig } from './config.ts';
import { createTokenService } from './token-service.ts';

await run('token-service', async (signal) => {
  const { env } = process;
  const config = readProcessConfig(env);
  const logger = createLogger({ level: config.logLevel, service: 'token-service' });
  const metrics = createMetrics();
  const security = kafkaSecurityOf(config);
  await using resources = new AsyncDisposableStack();
  const admin = resources.use(await openAdminPort({ ...config, logger, metrics }));
  resources.use(await startTelemetry({ serviceName: 'token-service', env }));
  const keys = await openServicePublicKeys(config.servicePublicKeysFile, { logger });
  const port = resources.use(await openPort(config));
  const bus = resources.use(openInBackground({ url: config.busUrl, clientId: 'token-service', security, logger }));
  const create = () => createTokenService(config, { databaseUrl: config.databaseUrl, bus, logger, metrics });
  const tokenService = resources.use(await untilAvailable('database', create, { logger, signal }));
  const authenticate = createServiceAuthenticator({ service: 'token-service', keys });
  const { url } = resources.use(await serve(port, { services: [tokenService], authenticate, logger, metrics, admin }));
  logger.info({ url, adminUrl: admin.url, config: processConfigSummary(env) }, 'ready');
  return resources.move();
});
