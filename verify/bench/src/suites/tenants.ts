import { join } from 'node:path';
import { permissionsOf } from '@agent-platform/auth';
import { createEmbeddedIssuer } from '@agent-platform/development-issuer';
import { DEVELOPMENT_AUDIENCE } from '@agent-platform/platform';
import { publicServices } from '@agent-platform/proto';
import fastify from 'fastify';

export interface Tenant {
  /** @returns the token of its source. */
  provision(o: { mcpServerUrl: string; triggers: number; arguments: object }): Promise<string>;
}

const MOST_PER_SECOND = 1_000_000;

/** A tenant of a platform, other than that of its development client: signs its token with the platform's own key. */
export async function openTenant(o: { url: string; dataDir: string; orgId: string }): Promise<Tenant> {
  const authorization = `Bearer ${await accessToken(o)}`;

  async function create<T>(collection: string, resource: object): Promise<T> {
    const answer = await fetch(`${o.url}/api/v1/${collection}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(resource),
    });
    if (!answer.ok) throw new Error(`POST /${collection} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  return {
    async provision({ mcpServerUrl, triggers, arguments: args }) {
      const name = 'bench';
      const { token } = await create<{ token: string }>('webhook-sources', {
        name,
        rate_limit_per_second: MOST_PER_SECOND,
      });
      await create('skills', { name, mcp_server_url: mcpServerUrl });
      await create('agents', { name, skills: [name] });
      for (let n = 0; n < triggers; n++) {
        await create('triggers', {
          name: `bench-${n}`,
          event_type: 'invoice.uploaded',
          webhook_source: name,
          agent_id: name,
          tool_call: { tool: 'book', arguments: args },
        });
      }
      return token;
    },
  };
}

async function accessToken({ dataDir, orgId }: { dataDir: string; orgId: string }): Promise<string> {
  const client = { clientId: 'bench', clientSecret: 'bench-secret', orgId };
  const issuer = await createEmbeddedIssuer({
    issuer: 'http://localhost/development-issuer/',
    audience: DEVELOPMENT_AUDIENCE,
    keyFile: join(dataDir, 'secrets', 'development-issuer.jwk'),
    clients: [{ ...client, permissions: permissionsOf(publicServices) }],
  });
  await using app = fastify();
  issuer.http(app);
  const payload = {
    grant_type: 'client_credentials',
    client_id: client.clientId,
    client_secret: client.clientSecret,
    audience: DEVELOPMENT_AUDIENCE,
  };
  const answer = await app.inject({ method: 'POST', url: '/oauth/token', payload });
  return answer.json<{ access_token: string }>().access_token;
}
