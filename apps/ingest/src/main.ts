import { createClient } from '@connectrpc/connect';
import { authenticateWith, createServiceIdentity, openServiceKey } from '@agent-platform/auth';
import { kafkaSecurityOf, openBus } from '@agent-platform/event-bus';
import { WebhookTokenService } from '@agent-platform/proto';
import { clientInterceptors, openAdminPort, openPort, remoteTransport, serve } from '@agent-platform/rpc';
import { passedOnce, run, untilAvailable } from '@agent-platform/runtime';
import { createLogger, createMetrics, startTelemetry } from '@agent-platform/telemetry';
import { processConfigSummary, readProcessConfig } from './config.ts';
import { createIngest } from './ingest.ts';

await run('ingest', async (signal) => {
  const { env } = process;
  const config = readProcessConfig(env);
  const logger = createLogger({ level: config.logLevel, service: 'ingest' });
  const metrics = createMetrics();
  const security = kafkaSecurityOf(config);
  await using resources = new AsyncDisposableStack();
  const admin = resources.use(await openAdminPort({ ...config, logger, metrics }));
  resources.use(await startTelemetry({ serviceName: 'ingest', env }));
  const key = await openServiceKey(config.serviceKeyFile, { logger });
  const port = resources.use(await openPort(config));
  const openTheBus = () => openBus({ url: config.busUrl, clientId: 'ingest', security, logger });
  const bus = resources.use(await untilAvailable('event bus', openTheBus, { logger, signal }));
  const identity = createServiceIdentity({ service: 'ingest', key });
  const transport = resources.use(
    remoteTransport({
      baseUrl: config.tokenServiceUrl,
      interceptors: clientInterceptors({ identity, callee: 'token-service' }),
    }),
  );
  const tokens = createClient(WebhookTokenService, transport);
  const ingest = resources.use(await createIngest(config, { bus, tokens, logger, metrics }));
  // It has no RPCs.
  const authenticate = authenticateWith({});
  // Known tokens outlive an outage of token-service; before the first answer there are none.
  const checks = { ...ingest.checks, 'token-service': passedOnce(() => transport.check()) };
  const services = [{ ...ingest, checks }];
  const { url } = resources.use(await serve(port, { services, authenticate, logger, metrics, admin }));
  logger.info({ url, adminUrl: admin.url, config: processConfigSummary(env) }, 'ready');
  return resources.move();
});
