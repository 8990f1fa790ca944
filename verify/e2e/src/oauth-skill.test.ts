import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, it } from 'vitest';
import { accepted, ended, provision } from './fixture.ts';
import { inEachMode } from './modes.ts';

const SECRET = 'client-secret-canary';
const TOKEN = 'access-token-canary';

/** An MCP server that wants tokens, with the authorization server that issues them. Its tool answers what it was sent. */
async function startServerWithIssuer() {
  let tokenRequests = 0;
  const app = express();
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${issuer}/mcp`;
  app.get('/.well-known/oauth-protected-resource/mcp', (_, res) =>
    res.json({ resource: url, authorization_servers: [issuer] }),
  );
  app.get('/.well-known/oauth-authorization-server', (_, res) =>
    res.json({ issuer, token_endpoint: `${issuer}/token` }),
  );
  app.post('/token', express.urlencoded(), (req, res) => {
    tokenRequests++;
    const { grant_type: grant, resource } = req.body as Record<string, string>;
    const isKnown = req.headers.authorization === `Basic ${Buffer.from(`platform:${SECRET}`).toString('base64')}`;
    if (!isKnown)
      return res.status(401).json({ error: 'invalid_client', error_description: req.headers.authorization });
    if (grant !== 'client_credentials' || resource !== url) return res.status(400).json({ error: 'invalid_target' });
    return res.json({ access_token: TOKEN, token_type: 'Bearer', expires_in: 3600 });
  });
  app.post('/mcp', express.json(), (req, res) => {
    const { id, method } = req.body as { id: number; method: string };
    const { authorization } = req.headers;
    if (authorization !== `Bearer ${TOKEN}`) return res.status(401).end();
    const result =
      method === 'tools/list'
        ? { tools: [{ name: 'book', inputSchema: { type: 'object' } }] }
        : { content: [{ type: 'text', text: `booked with ${authorization}` }] };
    return res.json({ jsonrpc: '2.0', id, result });
  });
  return {
    url,
    issuer,
    tokenRequests: () => tokenRequests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

inEachMode('a skill whose server wants access tokens', (start, mode) => {
  it('is called with one, which each dispatcher gets once and shows nowhere', async () => {
    await using server = await startServerWithIssuer();
    await using platform = await start();
    const { api } = platform;
    const token = await provision(api, {
      name: 'books',
      mcpServerUrl: server.url,
      toolCall: { tool: 'book', arguments: {} },
    });
    const oauth = { issuer: server.issuer, client_id: 'platform' };
    const skill = await api.call<object>('PATCH', '/skills/books', { mcp_oauth: { ...oauth, client_secret: SECRET } });
    expect(skill).toMatchObject({ mcp_oauth: oauth });
    const runs = [];
    for (let i = 0; i < 3; i++) {
      const event = { event_type: 'invoice.uploaded', payload: { i } };
      runs.push(await ended(api, await accepted(platform.ingests[0]!, token, event)));
    }
    for (const run of runs) expect(run).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(JSON.stringify(runs)).toContain('booked with [redacted]');
    expect(JSON.stringify([skill, runs])).not.toContain('canary');
    expect(server.tokenRequests()).toBeLessThanOrEqual(mode === 'cluster' ? 2 : 1);

    await api.call('PATCH', '/skills/books', { mcp_oauth: { ...oauth, client_secret: 'wrong-canary' } });
    const refused = { event_type: 'invoice.uploaded', payload: { wrong: true } };
    const run = await ended(api, await accepted(platform.ingests[0]!, token, refused));
    expect(run).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'credential_refused' } });
    expect(run.error!.message).toContain('invalid_client');
    expect(JSON.stringify(run)).not.toMatch(/canary|Basic/);
  });
});
