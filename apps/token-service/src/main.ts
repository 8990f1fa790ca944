import { createServiceAuthenticator } from '@agent-platform/auth';
import { createServer } from '@agent-platform/rpc';
import { createLogger, createMetrics, run, startTelemetry } from '@agent-platform/service';
import { processConfigSummary, readProcessConfig } from './config.ts';
import { createTokenService } from './token-service.ts';

await run('token-service', async () => {
  const { env } = process;
  const config = readProcessConfig(env);
  const { databaseUrl, host, port } = config;
  const logger = createLogger({ level: config.logLevel, service: 'token-service' });
  const metrics = createMetrics();
  await using resources = new AsyncDisposableStack();
  resources.use(await startTelemetry({ serviceName: 'token-service', env }));
  const tokenService = resources.use(await createTokenService(config, { databaseUrl, logger }));
  const secret = Buffer.from(config.serviceSecret);
  const authenticate = createServiceAuthenticator({ service: 'token-service', secret });
  const server = await createServer({ services: [tokenService], authenticate, logger, metrics, host, port });
  const { url } = resources.use(server);
  logger.info({ url, config: processConfigSummary(env) }, 'ready');
  return resources.move();
});
