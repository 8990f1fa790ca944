import { createServiceIdentities } from '@agent-platform/auth';
import { createManagementApi, readManagementApiConfig } from '@agent-platform/management-api';
import { createOutbound } from '@agent-platform/outbound';
import { CredentialService, http, WebhookTokenService } from '@agent-platform/proto';
import { clientInterceptors, createServer, localTransport, serverInterceptors, type Routes } from '@agent-platform/rpc';
import type { Service } from '@agent-platform/runtime';
import { createLogger, createMetrics } from '@agent-platform/telemetry';
import { createTestDatabase } from '@agent-platform/testing';
import { getOption, type DescMethod } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { ORG } from './configuration.ts';

const identities = await createServiceIdentities();
const logger = createLogger({ level: 'silent', service: 'test' });

/** A real management-api before the dispatcher, for a user who may do `permissions`. */
export async function throughManagementApi(dispatcher: Service<Routes>, permissions: ReadonlySet<string>) {
  await using resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  const dispatch = localTransport({
    routes: dispatcher.routes!,
    interceptors: serverInterceptors({ logger, authenticate: identities.authenticatorOf('dispatcher') }),
    client: clientInterceptors({ identity: identities.identityOf('management-api'), callee: 'dispatcher' }),
  });
  const management = resources.use(
    await createManagementApi(
      { ...readManagementApiConfig({}), allowedAddresses: [] },
      {
        databaseUrl: database.url,
        tokens: createClient(WebhookTokenService, dispatch),
        credentials: createClient(CredentialService, dispatch),
        outbound: resources.use(createOutbound({ allowedAddresses: [] })),
        dispatch,
        logger,
      },
    ),
  );
  const server = resources.use(
    await createServer({
      services: [management],
      authenticate: async () => ({ kind: 'user', subject: 'auth0|ann', orgId: ORG, permissions }),
      logger,
      metrics: createMetrics(),
      host: '127.0.0.1',
      port: 0,
    }),
  );
  const owned = resources.move();
  return {
    url: server.url,
    /** Calls a method as its REST path says, with `name` for what the path names. */
    async call(method: DescMethod, name: string, body: object = {}) {
      const { pattern } = getOption(method, http);
      if (pattern.case !== 'get' && pattern.case !== 'post') throw new Error(`${method.name} has no path`);
      const path = pattern.value.replaceAll(/\{\w+\}/g, name);
      const answer = await fetch(`${server.url}${path}`, {
        method: pattern.case.toUpperCase(),
        headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
        ...(pattern.case === 'post' && { body: JSON.stringify(body) }),
      });
      const { code } = (await answer.json()) as { code?: string };
      return { status: answer.status, code, retryAfter: answer.headers.get('retry-after') };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
