import { Code, ConnectError, createClient, type ServiceImpl, type Transport } from '@connectrpc/connect';
import { propagation } from '@opentelemetry/api';
import { AgentService } from '@agent-platform/proto';
import { createServiceIdentities } from '@agent-platform/auth';
import { AppError } from '@agent-platform/errors';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  callContext,
  clientInterceptors,
  forward,
  localTransport,
  remoteTransport,
  serverInterceptors,
  userOf,
  type Routes,
} from '../src/index.ts';
import { authenticate, createAgents, createLog, serviceOf, startServer } from './fixture.ts';

const identities = await createServiceIdentities();
const identity = identities.identityOf('management-api');
const client = clientInterceptors({ identity, callee: 'dispatcher' });
const trustServices = identities.authenticatorOf('dispatcher');

/** The dispatcher as an owner of AgentService, called in memory or over a socket. */
const transports: [string, (routes: Routes, logger?: ReturnType<typeof createLog>['logger']) => Promise<Transport>][] =
  [
    [
      'in memory',
      async (routes, logger = createLog().logger) => {
        const interceptors = serverInterceptors({ authenticate: trustServices, logger });
        return localTransport({ routes, interceptors, client });
      },
    ],
    [
      'over HTTP/2',
      async (routes, logger) => {
        const server = await startServer([serviceOf(routes, { name: 'dispatcher' })], logger, trustServices);
        const transport = remoteTransport({ baseUrl: server.url, interceptors: client });
        onTestFinished(async () => {
          await transport[Symbol.asyncDispose]();
          await server[Symbol.asyncDispose]();
        });
        return transport;
      },
    ],
  ];

const user = { kind: 'user', subject: 'someone', orgId: 'org_1', permissions: new Set(['agents:read']) } as const;

describe.each(transports)('calls %s', (_name, connectTo) => {
  const call = async (
    getAgent: ServiceImpl<typeof AgentService>['getAgent'],
    logger?: ReturnType<typeof createLog>['logger'],
  ) => createClient(AgentService, await connectTo((router) => router.service(AgentService, { getAgent }), logger));

  it('are made for a user and within a trace', async () => {
    const seen: unknown[] = [];
    const agents = await call((_request, context) => {
      const { orgId, subject, permissions } = userOf(context);
      seen.push(orgId, subject, [...permissions], context.requestHeader.get('traceparent'));
      return {};
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await agents.getAgent({ agent: 'x' }, { contextValues: callContext({ onBehalfOf: user, traceparent }) });
    expect(seen).toEqual(['org_1', 'someone', ['agents:read'], traceparent]);
  });

  it('are made as the service itself without one', async () => {
    const agents = await call(() => ({}));
    // What only a service is told: a user would lack a permission.
    await expect(agents.getAgent({ agent: 'x' })).rejects.toMatchObject({ code: 'caller_not_allowed' });
  });

  it('reject with the AppError that was thrown', async () => {
    const agents = await call(() => {
      throw new AppError('failed_precondition', 'agent_in_use', 'A trigger uses it.', {
        fields: [{ field: 'agent', description: 'is used' }],
        retryAfterSeconds: 3,
        cause: new Error('only for logs'),
      });
    });
    const options = { contextValues: callContext({ onBehalfOf: user }) };
    const error = await agents.getAgent({ agent: 'x' }, options).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      kind: 'failed_precondition',
      code: 'agent_in_use',
      message: 'A trigger uses it.',
      fields: [{ field: 'agent', description: 'is used' }],
      retryAfterSeconds: 3,
    });
  });

  it('are given up at their deadline, on both sides', async () => {
    const aborted = Promise.withResolvers<unknown>();
    const agents = await call(async (_request, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      aborted.resolve(signal.reason);
      return {};
    });
    const options = { contextValues: callContext({ onBehalfOf: user }), timeoutMs: 50 };
    await expect(agents.getAgent({ agent: 'x' }, options)).rejects.toMatchObject({ kind: 'deadline_exceeded' });
    expect(await aborted.promise).toBeInstanceOf(Error);
  });

  it('have a deadline when they name none', async () => {
    let timeoutMs: number | undefined;
    const agents = await call((_request, context) => {
      timeoutMs = context.timeoutMs();
      return {};
    });
    await agents.getAgent({ agent: 'x' }, { contextValues: callContext({ onBehalfOf: user }) });
    expect(timeoutMs).toBeGreaterThan(0);
    expect(timeoutMs).toBeLessThanOrEqual(5_000);
  });

  it('that nobody waits for any more are nobody’s fault', async () => {
    const log = createLog();
    const controller = new AbortController();
    const left = Promise.withResolvers<void>();
    const agents = await call(async (_request, { signal }) => {
      controller.abort();
      await new Promise((resolve) => (signal.aborted ? resolve(null) : signal.addEventListener('abort', resolve)));
      setImmediate(left.resolve);
      throw new Error('the query was cancelled');
    }, log.logger);
    const options = { contextValues: callContext({ onBehalfOf: user }), signal: controller.signal };
    await expect(agents.getAgent({ agent: 'x' }, options)).rejects.toBeInstanceOf(AppError);
    await left.promise;
    expect(log.errors()).toEqual([]);
  });
});

it('calls belong to the active span where there is one', async () => {
  const own = '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01';
  propagation.setGlobalPropagator({
    inject: (_context, carrier, setter) => setter.set(carrier, 'traceparent', own),
    extract: (context) => context,
    fields: () => [],
  });
  onTestFinished(() => propagation.disable());
  let sent: string | null = null;
  const routes: Routes = (router) =>
    router.service(AgentService, {
      getAgent(_request, { requestHeader }) {
        sent = requestHeader.get('traceparent');
        return {};
      },
    });
  const interceptors = serverInterceptors({ authenticate: trustServices, logger: createLog().logger });
  const agents = createClient(AgentService, localTransport({ routes, interceptors, client }));
  const contextValues = callContext({ onBehalfOf: user, traceparent: own.replaceAll('a', 'c') });
  await agents.getAgent({ agent: 'x' }, { contextValues });
  expect(sent).toBe(own);
});

describe('forward', () => {
  it.each(transports)('calls the owner for the user who called, %s', async (_name, connectTo) => {
    const owner = createAgents();
    const ownerLog = createLog();
    const forwarder = serviceOf(forward(AgentService, await connectTo(owner.routes, ownerLog.logger)));
    await using server = await startServer([forwarder]);
    expect((await server.request('POST', '/api/v1/agents', { body: { name: 'clerk' } })).json.id).toBe('agt_1');
    expect(owner.calls).toEqual(['org_test']);
    const missing = await server.request('GET', '/api/v1/agents/nobody');
    expect(missing).toMatchObject({
      status: 404,
      json: { code: 'agent_not_found', detail: 'There is no agent nobody.' },
    });
    const headers = { 'x-request-id': 'req-7' };
    const broken = await server.request('GET', '/api/v1/agents/broken', { headers });
    expect(broken.json.detail).toContain('req-7');
    expect(ownerLog.errors().join('')).toContain('req-7');
    expect((await server.request('GET', '/api/v1/agents/clerk', { token: 'nothing' })).status).toBe(403);
  });

  it('keeps the trace and the deadline of the call', async () => {
    const seen: unknown[] = [];
    const getAgent: ServiceImpl<typeof AgentService>['getAgent'] = (_request, { requestHeader, timeoutMs }) => {
      seen.push(requestHeader.get('traceparent'), timeoutMs()! <= 1_000);
      return {};
    };
    const interceptors = serverInterceptors({ authenticate: trustServices, logger: createLog().logger });
    const routes: Routes = (router) => router.service(AgentService, { getAgent });
    const owner = localTransport({ routes, interceptors, client });
    await using server = await startServer([serviceOf(forward(AgentService, owner))]);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = { traceparent, 'connect-timeout-ms': '1000' };
    await server.request('POST', `/${AgentService.typeName}/GetAgent`, { body: { agent: 'x' }, headers });
    expect(seen).toEqual([traceparent, true]);
  });

  it('tells nothing of a service that cannot be reached', async () => {
    const log = createLog();
    await using transport = remoteTransport({ baseUrl: 'http://127.0.0.1:1', interceptors: client });
    await using server = await startServer([serviceOf(forward(AgentService, transport))], log.logger);
    const answer = await server.request('GET', '/api/v1/agents/clerk');
    expect(answer).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONN/);
    expect(log.errors().join('')).toContain('ECONNREFUSED');
  });
});

it('a service that refuses our own identity is a fault of ours', async () => {
  const trustOthers = (await createServiceIdentities()).authenticatorOf('dispatcher');
  await using server = await startServer(
    [serviceOf(createAgents().routes, { name: 'dispatcher' })],
    createLog().logger,
    trustOthers,
  );
  await using transport = remoteTransport({ baseUrl: server.url, interceptors: client });
  const call = createClient(AgentService, transport).listAgents(
    {},
    { contextValues: callContext({ onBehalfOf: user }) },
  );
  await expect(call).rejects.toMatchObject({ kind: 'unavailable', code: 'service_identity_refused' });
});

it('ingest cannot call for a user, whatever it is told to', async () => {
  const routes = createAgents();
  const interceptors = serverInterceptors({ authenticate: trustServices, logger: createLog().logger });
  const byIngest = clientInterceptors({ identity: identities.identityOf('ingest'), callee: 'dispatcher' });
  const agents = createClient(AgentService, localTransport({ routes: routes.routes, interceptors, client: byIngest }));
  const call = agents.listAgents({}, { contextValues: callContext({ onBehalfOf: user }) });
  await expect(call).rejects.toMatchObject({ code: 'service_identity_refused' });
  expect(routes.calls).toEqual([]);
});

describe('remoteTransport', () => {
  it('finds a server that has come back', async () => {
    const agents = createAgents();
    const first = await startServer([serviceOf(agents.routes)], undefined, authenticate);
    await using transport = remoteTransport({ baseUrl: first.url, interceptors: [] });
    const calls = createClient(AgentService, transport);
    const headers = { authorization: 'Bearer all' };
    await calls.listAgents({}, { headers });
    await first[Symbol.asyncDispose]();
    await expect(calls.listAgents({}, { headers })).rejects.toMatchObject({ kind: 'unavailable' });
    await using second = await startServer(
      [serviceOf(agents.routes)],
      undefined,
      authenticate,
      Number(new URL(first.url).port),
    );
    await calls.listAgents({}, { headers });
    expect(second.url).toBe(first.url);
  });
});

it('a ConnectError of a method keeps its code', async () => {
  const routes: Routes = (router) =>
    router.service(AgentService, {
      getAgent() {
        throw new ConnectError('gone', Code.NotFound);
      },
    });
  await using server = await startServer([serviceOf(routes)]);
  expect((await server.request('GET', '/api/v1/agents/x')).json).toMatchObject({ status: 404, detail: 'gone' });
});
