import { generateKeyPairSync } from 'node:crypto';
import type { Api } from '@agent-platform/client';
import { ECHOES } from './echoes.ts';
import { GREEDY, REFUSALS } from './oauth-server.ts';
import type { Secrets } from './secrets.ts';

/** One skill for each way to give away an access token or what it is asked for with; answers the types of their events. */
export async function provisionOAuthSkills(
  api: Api,
  o: { url: string; source: string; secrets: Secrets },
): Promise<string[]> {
  const eventTypes: string[] = [];
  for (const echo of [...Object.keys(ECHOES), ...Object.keys(REFUSALS), GREEDY]) {
    for (const kind of ['secret', 'key'] as const) {
      const name = `oauth-${kind}-${echo}`;
      const oauth = { issuer: o.url, client_id: 'platform', ...credentialOf(kind, name, o.secrets) };
      await api.call('POST', '/skills', { name, mcp_server_url: `${o.url}/${echo}/${name}`, mcp_oauth: oauth });
      await api.call('POST', '/agents', { name, skills: [name] });
      const eventType = `canary.${name}`;
      const trigger = { name, event_type: eventType, webhook_source: o.source, agent_id: name };
      await api.call('POST', '/triggers', {
        ...trigger,
        tool_call: { tool: 'echo', arguments: { id: '{{ .payload.id }}' } },
      });
      eventTypes.push(eventType);
    }
  }
  return eventTypes;
}

function credentialOf(kind: 'secret' | 'key', name: string, secrets: Secrets): object {
  if (kind === 'secret') return { client_secret: secrets.fresh(`client secret of ${name}`, '"\\/+=&%~') };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  // Its lines, so that it does not matter how they are joined; the first says only what kind of key it is.
  const [, second] = pem.split('\n').slice(1);
  return { private_key: secrets.note(`private key of ${name}`, pem, second) };
}
