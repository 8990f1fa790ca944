import { once } from 'node:events';
import { connect as connectHttp2, constants, type IncomingHttpHeaders } from 'node:http2';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { AgentService } from '@agent-platform/proto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { fromConnectError } from '../src/index.ts';
import { createAgents, createEchoes, serviceOf, startServer } from './fixture.ts';

const agents = createAgents();
let server: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  server = await startServer([serviceOf(agents.routes), serviceOf(createEchoes().routes)]);
  await server.request('POST', '/api/v1/agents', { body: { name: 'clerk' } });
});
afterAll(() => server[Symbol.asyncDispose]());

const authorized = { headers: { authorization: 'Bearer all' } };

const protocols: [string, (baseUrl: string) => Transport][] = [
  ['Connect over HTTP/1.1', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1' })],
  [
    'Connect over HTTP/1.1 as GET',
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1', useHttpGet: true }),
  ],
  ['Connect over HTTP/2', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '2' })],
  ['Connect in JSON', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '2', useBinaryFormat: false })],
  ['gRPC', (baseUrl) => createGrpcTransport({ baseUrl })],
  ['gRPC-Web over HTTP/1.1', (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' })],
  ['gRPC-Web over HTTP/2', (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '2' })],
];

describe.each(protocols)('%s on the one port', (_name, transportTo) => {
  it('answers', async () => {
    const client = createClient(AgentService, transportTo(server.url));
    let cacheControl: string | null = null;
    const onHeader = (headers: Headers) => void (cacheControl = headers.get('cache-control'));
    const { agent } = await client.getAgent({ agent: 'clerk' }, { ...authorized, onHeader });
    expect([agent?.id, cacheControl]).toEqual(['agt_1', 'no-store']);
  });

  it('carries code, fields and retry delay of an error', async () => {
    const client = createClient(AgentService, transportTo(server.url));
    const busy = fromConnectError(
      ConnectError.from(await client.getAgent({ agent: 'busy' }, authorized).catch((e: unknown) => e)),
    );
    expect(busy).toMatchObject({
      kind: 'unavailable',
      code: 'bus_down',
      message: 'The bus is down.',
      retryAfterSeconds: 7,
    });
    const invalid = fromConnectError(ConnectError.from(await client.getAgent({}, authorized).catch((e: unknown) => e)));
    expect(invalid).toMatchObject({ kind: 'invalid_argument', code: 'invalid_request' });
    expect(invalid.fields).toEqual([{ field: 'agent', description: expect.stringContaining('at least 1') as string }]);
  });

  it('refuses who has no token or lacks the permission', async () => {
    const client = createClient(AgentService, transportTo(server.url));
    const refused = await client.getAgent({ agent: 'clerk' }).catch((error: unknown) => ConnectError.from(error));
    expect(refused).toMatchObject({ code: Code.Unauthenticated });
    expect((refused as ConnectError).metadata.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    const headers = { authorization: 'Bearer nothing' };
    const denied = client.getAgent({ agent: 'clerk' }, { headers });
    await expect(denied).rejects.toMatchObject({ code: Code.PermissionDenied });
    await expect(denied).rejects.toThrow('agents:read');
  });

  it('refuses a message of more than 1 MiB', async () => {
    const client = createClient(AgentService, transportTo(server.url));
    const agent = { name: 'big', instructions: 'x'.repeat(1024 * 1024) };
    await expect(client.createAgent({ agent }, authorized)).rejects.toMatchObject({ code: Code.ResourceExhausted });
  });
});

it.each([
  [{ skill: { category: 'read' } }, 'SkillCategory'],
  [{ skill: { category: 'SKILL_CATEGORY_NONE' } }, 'SkillCategory'],
  [{ skill: { skillName: 'x' } }, 'skillName'],
])('refuses in Connect JSON what REST refuses: %j', async (body, named) => {
  const path = '/agentplatform.management.v1.SkillService/CreateSkill';
  const refused = await server.request('POST', path, { body });
  expect(refused.status).toBe(400);
  expect(refused.json).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining(named) as string });
});

it.each([
  ['an unknown method', `/${AgentService.typeName}/Frobnicate`],
  ['an unknown service', '/test.v1.NoService/GetAgent'],
  ['a path of the REST API', '/api/v1/nothing'],
])('tells a gRPC client of %s in trailers, with HTTP 200', async (_name, path) => {
  const session = connectHttp2(server.url);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc+proto',
    te: 'trailers',
  });
  stream.end(Buffer.alloc(5));
  const [headers, flags] = (await once(stream, 'response')) as [IncomingHttpHeaders, number];
  expect(headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc+proto', 'grpc-status': '12' });
  // Trailers-Only: the one block of headers ends the stream.
  expect(flags & constants.NGHTTP2_FLAG_END_STREAM).toBe(constants.NGHTTP2_FLAG_END_STREAM);
});

it('answers REST on the same port', async () => {
  const { status, json } = await server.request('GET', '/api/v1/agents/clerk');
  expect([status, json.id]).toEqual([200, 'agt_1']);
});
