import type { Agent } from 'node:http';
import { generateWebhookToken } from '@agent-platform/auth';
import { developmentToken, type Api } from '@agent-platform/client';
import type { Cluster } from '@agent-platform/cluster';
import { post } from '@agent-platform/harness';
import { createSource, revokeToken, rotateToken, sendEvent } from '../tokens.ts';
import type { Secrets } from './secrets.ts';

interface World {
  readonly api: Api;
  readonly agent: Agent;
  readonly cluster: Cluster;
  readonly secrets: Secrets;
}

const EVENT = { event_type: 'canary.misused', payload: {} };

/** Uses tokens in every state, and in places where they do not belong. */
export async function misuseTokens({ api, agent, cluster, secrets }: World): Promise<void> {
  const source = 'misused';
  const note = (name: string, token: string) => secrets.noteToken(name, token);
  const rotated = note('rotated token', await createSource(api, source));
  const live = note('live token', (await rotateToken(api, source, 0)).token);
  const { id, token: revoked } = await rotateToken(api, source, 3_600);
  note('revoked token', revoked);
  const ofDeleted = note('token of a deleted source', await createSource(api, 'deleted'));
  const all = [rotated, live, revoked, ofDeleted, note('unknown token', generateWebhookToken())];
  const wrong = `${all[4]!.slice(0, -1)}?`;
  const send = async () => {
    for (const { url } of cluster.ingests) {
      for (const token of [...all, wrong]) {
        await sendEvent(agent, url, token, EVENT);
        const body = JSON.stringify(EVENT);
        const headers = {
          'content-type': 'application/json',
          authorization: `Bearer ${token}`,
          'idempotency-key': 'k',
        };
        await post(agent, `${url}/webhooks/events?token=${token}`, headers, body);
        await post(agent, `${url}/webhooks/events`, { ...headers, 'x-webhook-token': `${token}, ${token}` }, body);
        await post(agent, `${url}/webhooks/${token}`, headers, body);
        await post(agent, `${url}/webhooks/events`, { 'x-webhook-token': token }, '{"event_type":');
      }
    }
  };
  await send();
  await revokeToken(api, source, id);
  await api.call('DELETE', '/webhook-sources/deleted');
  await send();
  // A token where its id belongs, and where a name does.
  for (const path of [`/webhook-sources/${source}/tokens/${live}:revoke`, `/webhook-sources/${live}/tokens:rotate`]) {
    await refused(api.call('POST', path, {}));
  }
}

/** Writes skills that cannot be, and what is no request at all. */
export async function misuseSkills({ api, cluster, secrets }: World): Promise<void> {
  const bearer = (name: string) => ({ Authorization: `Bearer ${secrets.fresh(`credential of ${name}`)}` });
  const url = 'http://127.0.0.1:9/mcp';
  const skill = { name: 'misused', mcp_server_url: url };
  await api.call('POST', '/skills', { ...skill, mcp_headers: bearer('a replaced header') });
  await api.call('PATCH', '/skills/misused', { mcp_headers: bearer('a replacement') });
  const impossible = [
    { ...skill, mcp_headers: bearer('a name that is taken') },
    { ...skill, name: 'Not A Name', mcp_headers: bearer('a wrong name') },
    { ...skill, name: 'reserved', mcp_headers: { Host: secrets.fresh('a reserved header') } },
    { ...skill, name: 'unexpanded', mcp_headers: { 'X-Api-Key': `${secrets.fresh('an unexpanded header')}\${KEY}` } },
    { ...skill, name: 'line', mcp_headers: { 'X-Api-Key': `${secrets.fresh('a header with a line break')}\n` } },
    { ...skill, name: 'no-address', mcp_server_url: 'ftp://x', mcp_headers: bearer('a wrong URL') },
    { ...skill, name: 'forbidden', mcp_server_url: 'http://169.254.169.254/', mcp_headers: bearer('a forbidden URL') },
    { ...skill, name: 'typed', mcp_headers: [secrets.fresh('a header of the wrong type')] },
    { ...skill, name: 'more', mcp_header: bearer('an unknown field') },
  ];
  for (const one of impossible) await refused(api.call('POST', '/skills', one));
  // To another server, without its credential.
  await refused(api.call('PATCH', '/skills/misused', { mcp_server_url: 'http://127.0.0.1:10/mcp' }));

  const token = await developmentToken(cluster.url);
  secrets.note('access token', token, token.split('.')[2]);
  const call = (authorization: string, body: string, path = '/skills') =>
    fetch(`${cluster.url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body,
    }).then((answer) => answer.arrayBuffer());
  const half = JSON.stringify({ ...skill, name: 'half', mcp_headers: bearer('half a request') }).slice(0, -1);
  await call(`Bearer ${token}`, half);
  await call(`Bearer ${token}x`, '{}');
  await call(`Basic ${Buffer.from(`user:${secrets.fresh('a password')}`).toString('base64')}`, '{}');
  await call(`Bearer ${secrets.fresh('an opaque token')}`, '{}', `/skills?access_token=${token}`);
}

/** What services say to each other's absence. */
export async function writeWithoutTokenService({ api, cluster, secrets }: World): Promise<void> {
  cluster.tokenService.kill();
  await cluster.tokenService.exited;
  const headers = { Authorization: `Bearer ${secrets.fresh('credential written without token-service')}` };
  await refused(
    api.call('POST', '/skills', { name: 'unwritten', mcp_server_url: 'http://127.0.0.1:9/mcp', mcp_headers: headers }),
  );
  await refused(rotateToken(api, 'misused', 0));
  await cluster.tokenService.start();
}

/** What is wrong with it is told to who sent it; that is not looked at here. */
async function refused(request: Promise<unknown>): Promise<void> {
  await request.then(
    (answer) => {
      if (answer !== undefined) throw new Error('what should be refused was done');
    },
    () => undefined,
  );
}
