import { once } from 'node:events';
import { connect } from 'node:net';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { create, createFileRegistry, type DescService } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { AgentService, ConfigurationService, SkillService } from '@agent-platform/proto';
import type { FastifyInstance } from 'fastify';
import { createMetrics } from '@agent-platform/telemetry';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createServer, everyMethod } from '../src/index.ts';
import { authenticate, createAgents, createEchoes, createLog, serviceOf, startServer } from './fixture.ts';

describe('createServer', () => {
  it('does not start with a method that does not say who may call it, and names it', async () => {
    await expect(
      startServer([serviceOf((router) => router.service(serviceWithoutPolicy(), {}))]),
    ).rejects.toMatchObject({
      code: 'policy_missing',
      message: expect.stringContaining('test.v1.OpenService/Anything') as string,
    });
  });

  it('says what to do when the port is taken', async () => {
    await using first = await startServer([]);
    const { port, hostname: host } = new URL(first.url);
    const { logger } = createLog();
    const second = createServer({
      services: [],
      authenticate,
      logger,
      metrics: createMetrics(),
      host,
      port: Number(port),
    });
    await expect(second).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringContaining('set PORT') as string,
    });
  });

  it('serves a method two services offer from the first', async () => {
    const [first, second] = [createAgents(), createAgents()];
    await using server = await startServer([serviceOf(first.routes), serviceOf(second.routes, { name: 'dispatcher' })]);
    await server.request('GET', '/api/v1/agents/x');
    const client = createClient(AgentService, createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' }));
    await client.getAgent({ agent: 'y' }, { headers: { authorization: 'Bearer all' } }).catch(() => {});
    expect([first.calls, second.calls]).toEqual([['x', 'y'], []]);
  });

  it("keeps one service's parsers from another's routes, and answers what they throw", async () => {
    await using server = await startServer([
      serviceOf(createAgents().routes, {
        http(app) {
          app.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null, 'mine'));
          app.post('/mine', async (request) => ({ body: request.body }));
        },
      }),
      serviceOf(createEchoes().routes, {
        http: (app) =>
          app.post('/theirs', async () => {
            throw new Error('secret detail');
          }),
      }),
    ]);
    expect(
      (await server.request('POST', '/mine', { body: '{}', headers: { 'content-type': 'text/x' } })).json.body,
    ).toBe('mine');
    expect((await server.request('POST', '/theirs', { headers: { 'content-type': 'text/x' }, body: 'x' })).status).toBe(
      415,
    );
    const failed = await server.request('POST', '/theirs', { body: {} });
    expect(failed).toMatchObject({ status: 500, json: { code: 'internal' } });
    expect(failed.text).not.toContain('secret detail');
    expect((await server.request('GET', '/theirs')).status).toBe(405);
  });
});

describe('a path', () => {
  it('with a name of any length is a path like any other, for any route', async () => {
    const log = createLog();
    const http = (app: FastifyInstance) => app.get('/things/:thing', async (request) => request.params);
    await using server = await startServer([serviceOf(createAgents().routes, { http })], log.logger);
    for (const length of [100, 101, 8_000]) {
      const name = 'a'.repeat(length);
      expect((await server.request('GET', `/things/${name}`)).json).toEqual({ thing: name });
      expect(await server.request('GET', `/api/v1/agents/${name}`)).toMatchObject({ status: 404 });
      expect(await server.request('GET', `/api/v1/agents/x/${name}`)).toMatchObject({ status: 404 });
      expect(await server.request('POST', `/${name}`)).toMatchObject({ status: 404 });
    }
    expect(log.errors()).toEqual([]);
  });
});

describe('requests that are hardly HTTP', () => {
  const path = `/${AgentService.typeName}/ListAgents`;
  it.each([
    ['no host', `POST ${path} HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`],
    [
      'a host that is none',
      `POST ${path} HTTP/1.1\r\nhost: a b\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
    ],
    ['a path that is none', 'GET /api/v1/%zz HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['a broken header', 'GET / HTTP/1.1\r\nhost: x\r\nbro ken\r\n\r\n'],
  ])('are answered 400 and not logged as errors: %s', async (_name, bytes) => {
    const log = createLog();
    await using server = await startServer([serviceOf(createAgents().routes)], log.logger);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(bytes);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1.1 400 /);
    expect(log.errors()).toEqual([]);
  });
});

describe('clients that go away', () => {
  it.each([
    ['REST', '/api/v1/agents'],
    ['Connect', `/${AgentService.typeName}/CreateAgent`],
    ['a plain route', '/plain'],
  ])('in the middle of a body or before the answer are not logged as errors: %s', async (_name, path) => {
    const log = createLog();
    const agents = createAgents();
    const http = (app: FastifyInstance) => app.post('/plain', async () => 'ok');
    await using server = await startServer([serviceOf(agents.routes, { http })], log.logger);
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer all\r\ncontent-type: application/json\r\n`;
    const slow = 'GET /api/v1/agents/slow HTTP/1.1\r\nhost: x\r\nauthorization: Bearer all\r\n\r\n';
    for (const bytes of [
      `${head}content-length: 100\r\n\r\n{"name":`,
      `${head}transfer-encoding: chunked\r\n\r\n5\r\n{"nam`,
      slow,
    ]) {
      for (const leave of ['destroy', 'resetAndDestroy'] as const) {
        const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
        await once(socket, 'connect');
        socket.write(bytes);
        await new Promise((resolve) => setTimeout(resolve, 20));
        socket[leave]();
      }
    }
    agents.release();
    expect((await server.request('GET', '/healthz')).status).toBe(200);
    expect(log.errors()).toEqual([]);
  });
});

describe('every method', () => {
  const routes = (router: Parameters<ReturnType<typeof createAgents>['routes']>[0]) =>
    void router.service(AgentService, {}).service(SkillService, {}).service(ConfigurationService, {});

  it.each(everyMethod(routes).map((method) => [`/${method.parent.typeName}/${method.name}`]))(
    'refuses who has no token: %s',
    async (path) => {
      await using server = await startServer([serviceOf(routes)]);
      expect(await server.request('POST', path, { token: null, body: {} })).toMatchObject({ status: 401 });
      expect(await server.request('POST', path, { token: 'nothing', body: {} })).toMatchObject({ status: 403 });
      expect(await server.request('POST', path, { token: 'service:ingest', body: {} })).toMatchObject({ status: 403 });
    },
  );

  it('takes a service where it is named as a caller', async () => {
    await using server = await startServer([
      serviceOf((router) => router.service(ConfigurationService, { getConfiguration: () => ({ version: 3n }) })),
    ]);
    const path = `/${ConfigurationService.typeName}/GetConfiguration`;
    const { json } = await server.request('POST', path, { token: 'service:dispatcher', body: { orgId: 'org' } });
    expect(json).toEqual({ version: '3' });
  });
});

describe('operations', () => {
  it('is alive whatever fails, and ready when every check passes', async () => {
    const log = createLog();
    let works = true;
    const checks = {
      database: async () => {
        if (!works) throw new Error('connect ECONNREFUSED 10.0.0.7');
      },
      bus: async () => {},
    };
    await using server = await startServer([serviceOf(createAgents().routes, { checks })], log.logger);
    const ok = await server.request('GET', '/readyz', { token: null });
    expect(ok).toMatchObject({
      status: 200,
      json: { status: 'ok', services: { 'management-api': { database: 'ok', bus: 'ok' } } },
    });
    works = false;
    const failed = await server.request('GET', '/readyz', { token: null });
    expect(failed).toMatchObject({
      status: 503,
      json: { services: { 'management-api': { database: 'failed', bus: 'ok' } } },
    });
    expect(failed.text).not.toContain('10.0.0.7');
    expect(log.lines.join('')).toContain('10.0.0.7');
    expect(await server.request('GET', '/healthz', { token: null })).toMatchObject({
      status: 200,
      json: { status: 'ok' },
    });
  });

  it('does not wait for a check that does not answer', async () => {
    const checks = { hangs: () => new Promise<void>(() => {}) };
    await using server = await startServer([serviceOf(createAgents().routes, { checks })]);
    expect((await server.request('GET', '/readyz')).json.services).toEqual({ 'management-api': { hangs: 'failed' } });
  });

  it('counts RPCs by how they ended, over whatever they came', async () => {
    await using server = await startServer([serviceOf(createAgents().routes)]);
    await server.request('GET', '/api/v1/agents');
    await server.request('GET', '/api/v1/agents/nobody');
    const { text } = await server.request('GET', '/metrics', { token: null });
    expect(text).toMatch(/rpc_server_duration_seconds_count\{[^}]*method="ListAgents",code="ok"\} 1/);
    expect(text).toMatch(/rpc_server_duration_seconds_count\{[^}]*method="GetAgent",code="not_found"\} 1/);
  });

  it('answers what is under way when it stops', async () => {
    const agents = createAgents();
    const server = await startServer([serviceOf(agents.routes)]);
    await server.request('POST', '/api/v1/agents', { body: { name: 'slow' } });
    const underWay = server.request('GET', '/api/v1/agents/slow');
    while (!agents.calls.includes('slow')) await new Promise((resolve) => setTimeout(resolve, 5));
    const stopped = server[Symbol.asyncDispose]();
    agents.release();
    expect((await underWay).status).toBe(200);
    await stopped;
    await expect(fetch(server.url)).rejects.toThrow();
  });

  it('still serves what arrives on an open connection while it stops, and closes it after', async () => {
    const server = await startServer([
      serviceOf(createAgents().routes, { http: (app) => void app.get('/now', async () => 'served') }),
    ]);
    const { hostname: host, port } = new URL(server.url);
    const socket = connect({ host, port: Number(port) });
    let received = '';
    socket.on('data', (chunk) => (received += String(chunk)));
    // A request whose head is not whole yet keeps the connection from being closed as idle.
    socket.write('GET /now HTTP/1.1\r\nhost: x\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stopped = server[Symbol.asyncDispose]();
    await new Promise(setImmediate);
    socket.write('\r\n');
    await once(socket, 'close');
    await stopped;
    expect(received).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(received.toLowerCase()).toContain('connection: close');
  });

  it('does not wait for ever for what is under way', async () => {
    const agents = createAgents();
    const server = await startServer([serviceOf(agents.routes)]);
    const underWay = server.request('GET', '/api/v1/agents/slow').catch(() => 'cut off');
    while (!agents.calls.includes('slow')) await new Promise((resolve) => setTimeout(resolve, 5));
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const stopped = server[Symbol.asyncDispose]();
    await vi.advanceTimersByTimeAsync(5_000);
    await stopped;
    expect(await underWay).toBe('cut off');
  });
});

/** A service as buf would make it from a proto whose author forgot the policy. */
function serviceWithoutPolicy(): DescService {
  const type = '.test.v1.Nothing';
  const file = create(FileDescriptorProtoSchema, {
    name: 'test.proto',
    package: 'test.v1',
    syntax: 'proto3',
    messageType: [{ name: 'Nothing' }],
    service: [{ name: 'OpenService', method: [{ name: 'Anything', inputType: type, outputType: type }] }],
  });
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getService('test.v1.OpenService')!;
}

it('is not ready while it stops, and still answers on open connections', async () => {
  const server = await startServer([serviceOf(createAgents().routes)]);
  expect((await server.request('GET', '/readyz')).status).toBe(200);
  const stopped = server[Symbol.asyncDispose]();
  const [ready, listed] = await Promise.all([
    server.request('GET', '/readyz'),
    server.request('GET', '/api/v1/agents'),
  ]);
  expect([ready.status, ready.json.status, listed.status]).toEqual([503, 'stopping', 200]);
  await stopped;
});
