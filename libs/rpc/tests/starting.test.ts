import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { createClient } from '@connectrpc/connect';
import { AgentService } from '@agent-platform/proto';
import { createMetrics } from '@agent-platform/service';
import { expect, it, onTestFinished } from 'vitest';
import { openPort, remoteTransport, serve } from '../src/index.ts';
import { authenticate, createAgents, createLog, serviceOf } from './fixture.ts';

const headers = { authorization: 'Bearer all' };

it('an open port says that its service is alive and not ready, until it is', async () => {
  await using port = await openPort({ host: '127.0.0.1', port: 0 });
  const get = (path: string) => fetch(`${port.url}${path}`, { headers });
  expect((await get('/healthz')).status).toBe(200);
  expect((await get('/readyz')).status).toBe(503);
  const refused = await get('/api/v1/agents');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await refused.json()).toMatchObject({ code: 'starting' });

  const o = { authenticate, logger: createLog().logger, metrics: createMetrics() };
  await serve(port, { ...o, services: [serviceOf(createAgents().routes)] });
  expect((await get('/readyz')).status).toBe(200);
  expect((await get('/api/v1/agents')).status).toBe(200);
});

it.each([false, true])('an open port answers what is no request; serving: %s', async (isServing) => {
  await using port = await openPort({ host: '127.0.0.1', port: 0 });
  const o = { authenticate, logger: createLog().logger, metrics: createMetrics() };
  if (isServing) await serve(port, { ...o, services: [serviceOf(createAgents().routes)] });
  const socket = connect(Number(new URL(port.url).port), '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab');
  const answer = await text(socket);
  expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 400']);
  expect(answer).toContain('application/problem+json');
});

it('callers of a service that is starting are told to come back', async () => {
  await using port = await openPort({ host: '127.0.0.1', port: 0 });
  await using transport = remoteTransport({ baseUrl: port.url, interceptors: [] });
  const agents = createClient(AgentService, transport);
  await expect(agents.listAgents({}, { headers })).rejects.toMatchObject({ kind: 'unavailable' });
  await transport.check();
});

it('a transport knows that nothing answers', async () => {
  const port = await openPort({ host: '127.0.0.1', port: 0 });
  await port[Symbol.asyncDispose]();
  const transport = remoteTransport({ baseUrl: port.url, interceptors: [] });
  onTestFinished(() => transport[Symbol.asyncDispose]());
  await expect(transport.check()).rejects.toMatchObject({ kind: 'unavailable' });
});
