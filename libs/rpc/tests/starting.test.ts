import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { createClient } from '@connectrpc/connect';
import { AgentService } from '@agent-platform/proto';
import { createMetrics } from '@agent-platform/telemetry';
import { expect, it, onTestFinished } from 'vitest';
import { openAdminPort, openPort, remoteTransport, serve, createServer } from '../src/index.ts';
import { authenticate, createAgents, createLog, serviceOf } from './fixture.ts';

const headers = { authorization: 'Bearer all' };

const host = '127.0.0.1';

it('a process says on a port of its own that it is alive, and whether it is ready; its users cannot ask', async () => {
  const o = { authenticate, logger: createLog().logger, metrics: createMetrics() };
  await using admin = await openAdminPort({ ...o, host, adminPort: 0 });
  await using port = await openPort({ host, port: 0 });
  const get = (path: string) => fetch(`${port.url}${path}`, { headers });
  const ask = async (path: string) => {
    const answer = await fetch(`${admin.url}${path}`);
    return [answer.status, await answer.text()];
  };
  const readiness = (status: string, services = {}) => JSON.stringify({ status, services });
  expect(await ask('/healthz')).toEqual([200, '{"status":"ok"}']);
  expect(await ask('/readyz')).toEqual([503, readiness('starting')]);
  expect(await ask('/metrics')).toEqual([200, expect.stringContaining('process_cpu_seconds_total')]);
  const refused = await get('/api/v1/agents');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await refused.json()).toMatchObject({ code: 'starting' });

  const server = await serve(port, { ...o, admin, services: [serviceOf(createAgents().routes)] });
  expect(await ask('/readyz')).toEqual([200, readiness('ok', { 'management-api': {} })]);
  expect((await get('/api/v1/agents')).status).toBe(200);
  for (const path of ['/healthz', '/readyz', '/metrics']) expect((await get(path)).status).toBe(404);
  expect(await ask('/api/v1/agents')).toEqual([
    404,
    expect.stringContaining('Here are /healthz, /readyz and /metrics.'),
  ]);

  const stopped = server[Symbol.asyncDispose]();
  expect(await ask('/readyz')).toEqual([503, readiness('stopping')]);
  await stopped;
  expect(await ask('/healthz')).toEqual([200, '{"status":"ok"}']);
});

it('says which variable to set when the port of operators is taken', async () => {
  const o = { host, logger: createLog().logger, metrics: createMetrics() };
  await using first = await openAdminPort({ ...o, adminPort: 0 });
  const taken = openAdminPort({ ...o, adminPort: Number(new URL(first.url).port) });
  await expect(taken).rejects.toThrow('set ADMIN_PORT to another port');
});

const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ internal, family }) => !internal && family === 'IPv4')
  .map(({ address }) => address);

it.each(outside)(
  'without such a port, metrics are there for connections from this machine only: %s',
  async (address) => {
    const o = { authenticate, logger: createLog().logger, metrics: createMetrics() };
    const status = async (url: string, path: string) => (await fetch(`${url}${path}`)).status;
    await using server = await createServer({ ...o, services: [], host: '0.0.0.0', port: 0 });
    const { port } = new URL(server.url);
    expect(await status(`http://127.0.0.1:${port}`, '/metrics')).toBe(200);
    for (const path of ['/healthz', '/readyz']) expect(await status(`http://${address}:${port}`, path)).toBe(200);
    expect(await status(`http://${address}:${port}`, '/metrics')).toBe(404);
  },
);

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
