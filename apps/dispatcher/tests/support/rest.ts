import { createServer } from '@agent-platform/rpc';
import { createLogger, createMetrics } from '@agent-platform/telemetry';
import { ORG } from './configuration.ts';
import type { Instance } from './fixture.ts';

const permissions = new Set(['runs:read', 'runs:write', 'events:read', 'events:write']);

/** A dispatcher's REST, for a user of the tenant. */
export async function createRest({ service }: Instance) {
  const server = await createServer({
    services: [service],
    authenticate: async () => ({ kind: 'user', subject: 'auth0|ann', orgId: ORG, permissions }),
    logger: createLogger({ level: 'silent', service: 'dispatcher' }),
    metrics: createMetrics(),
    host: '127.0.0.1',
    port: 0,
  });
  const authorization = 'Bearer x';
  const call = async (path: string, init: RequestInit) => {
    const answer = await fetch(`${server.url}/api/v1/${path}`, init);
    return [answer.status, (await answer.json()) as Record<string, unknown>] as const;
  };
  return {
    get: (path: string) => call(path, { headers: { authorization } }),
    post: (path: string, body: object) =>
      call(path, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
