import { createClient } from '@connectrpc/connect';
import { createServiceAuthenticator, createServiceIdentity } from '@agent-platform/auth';
import { createPostgresBus } from '@agent-platform/event-bus';
import { WebhookTokenService } from '@agent-platform/proto';
import { clientInterceptors, createServer, remoteTransport } from '@agent-platform/rpc';
import { createLogger, createMetrics, run, startTelemetry } from '@agent-platform/service';
import { processConfigSummary, readProcessConfig } from './config.ts';
import { createIngest } from './ingest.ts';

await run('ingest', async () => {
  const { env } = process;
  const config = readProcessConfig(env);
  const secret = Buffer.from(config.serviceSecret);
  const logger = createLogger({ level: config.logLevel, service: 'ingest' });
  const metrics = createMetrics();
  await using resources = new AsyncDisposableStack();
  resources.use(await startTelemetry({ serviceName: 'ingest', env }));
  const bus = resources.use(await createPostgresBus({ url: config.busUrl, logger }));
  const identity = createServiceIdentity({ service: 'ingest', secret });
  const transport = resources.use(
    remoteTransport({
      baseUrl: config.tokenServiceUrl,
      interceptors: clientInterceptors({ identity, callee: 'token-service' }),
    }),
  );
  const tokens = createClient(WebhookTokenService, transport);
  const ingest = resources.use(await createIngest(config, { bus, tokens, logger, metrics }));
  const authenticate = createServiceAuthenticator({ service: 'ingest', secret });
  const { host, port } = config;
  const { url } = resources.use(await createServer({ services: [ingest], authenticate, logger, metrics, host, port }));
  logger.info({ url, config: processConfigSummary(env) }, 'ready');
  return resources.move();
});
