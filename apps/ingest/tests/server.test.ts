import { connect, type ClientHttp2Session } from 'node:http2';
import { text } from 'node:stream/consumers';
import { createClient } from '@connectrpc/connect';
import { afterAll, describe, expect, it } from 'vitest';
import { createServiceIdentities, generateWebhookToken } from '@agent-platform/auth';
import { WebhookTokenService } from '@agent-platform/proto';
import { clientInterceptors, createServer, localTransport, serverInterceptors } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/errors';
import { createMetrics } from '@agent-platform/telemetry';
import { createIngest } from '../src/index.ts';
import { CONFIG, event, fakeBus, fakeTokenService, recordingLogger } from './fixtures.ts';

const identities = await createServiceIdentities();

/** Ingest as it is run: behind the platform's server, with the token service behind its interceptors. */
async function start() {
  const { logger, lines } = recordingLogger();
  const metrics = createMetrics();
  const { state, bus } = fakeBus();
  const { service: tokenService, tokens: fake } = fakeTokenService();
  const tokens = createClient(
    WebhookTokenService,
    localTransport({
      routes: (router) => router.service(WebhookTokenService, { verifyToken: (request) => fake.verifyToken(request) }),
      interceptors: serverInterceptors({
        authenticate: identities.authenticatorOf('token-service'),
        logger,
      }),
      client: clientInterceptors({
        identity: identities.identityOf('ingest'),
        callee: 'token-service',
      }),
    }),
  );
  const ingest = await createIngest(CONFIG, { bus, tokens, logger, metrics });
  const server = await createServer({
    services: [ingest],
    authenticate: () => Promise.reject(new AppError('unauthenticated', 'unauthenticated', 'Nobody is known here.')),
    logger,
    metrics,
    host: '127.0.0.1',
    port: 0,
  });
  return { server, ingest, lines, bus: state, tokenService, token: tokenService.issue() };
}

const running = await start();
const { url } = running.server;
afterAll(async () => {
  await running.server[Symbol.asyncDispose]();
  await running.ingest[Symbol.asyncDispose]();
});

const headers = (token = running.token) => ({ 'content-type': 'application/json', 'x-webhook-token': token });

describe('behind the server', () => {
  it('is the documented curl', async () => {
    const answer = await fetch(`${url}/webhooks/events`, { method: 'POST', headers: headers(), body: event() });
    expect(answer.status).toBe(202);
    expect(await answer.text()).toMatch(/^\{"event_id":"evt_\w{26}","status":"accepted"\}$/);
  });

  it('refuses an unknown token with 401 and a silent token service with 503', async () => {
    const unknown = { method: 'POST', headers: headers(generateWebhookToken()), body: event() };
    expect((await fetch(`${url}/webhooks/events`, unknown)).status).toBe(401);
    running.tokenService.state = 'down';
    unknown.headers = headers(generateWebhookToken());
    expect((await fetch(`${url}/webhooks/events`, unknown)).status).toBe(503);
    running.tokenService.state = 'up';
  });

  it('answers over HTTP/2 too, also before a body has come to its end', async () => {
    await using session = disposable(connect(url));
    const send = async (headersOfRequest: Record<string, string>, body: string, end = true) => {
      const stream = session.request({ ':method': 'POST', ':path': '/webhooks/events', ...headersOfRequest });
      stream.on('error', () => undefined);
      stream.write(body);
      if (end) stream.end();
      const status = await new Promise((resolve) => stream.once('response', (head) => resolve(head[':status'])));
      return { status, body: await text(stream) };
    };
    expect(await send(headers(), event())).toMatchObject({ status: 202 });
    const refused = await send(headers('whk_'), 'x', false);
    expect(refused.status).toBe(401);
    expect(refused.body).toContain('token_refused');
    expect(await send(headers(), `"${'x'.repeat(2 * 1024 * 1024)}"`)).toMatchObject({ status: 413 });
    expect(await send(headers(), event())).toMatchObject({ status: 202 });
  });

  it('is ready while the bus is', async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    running.bus.is = 'down';
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    running.bus.is = 'up';
  });
});

function disposable(session: ClientHttp2Session): ClientHttp2Session & AsyncDisposable {
  const close = () => new Promise<void>((resolve) => session.close(resolve));
  return Object.assign(session, { [Symbol.asyncDispose]: close });
}
