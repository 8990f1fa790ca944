import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, it, vi } from 'vitest';
import { accepted, ended, provision } from './fixture.ts';
import { inEachMode } from './modes.ts';

/** An MCP server that is busy, and keeps the credentials it is sent. */
async function startBusyServer() {
  const seen: (string | undefined)[] = [];
  const server = express()
    .use((req, res) => {
      seen.push(req.headers.authorization);
      return res.status(503).set('retry-after', '3').end();
    })
    .listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

inEachMode('a skill that moves while a run waits for its server', (start) => {
  it('has the run fail: neither server is sent the credential of the other', async () => {
    await using a = await startBusyServer();
    await using b = await startBusyServer();
    await using platform = await start();
    const { api } = platform;
    const toolCall = { tool: 'pay', arguments: {} };
    const token = await provision(api, { name: 'pay', mcpServerUrl: a.url, bearer: 'of-a', toolCall });
    const event = await accepted(platform.ingests[0]!, token, { event_type: 'invoice.uploaded', payload: {} });
    await vi.waitFor(() => expect(a.seen.length).toBeGreaterThan(0), 20_000);
    const mcpHeaders = { Authorization: 'Bearer of-b' };
    await api.call('PATCH', '/skills/pay', { mcp_server_url: b.url, mcp_headers: mcpHeaders });
    const run = await ended(api, event);
    expect(run).toMatchObject({ status: 'failed', error: { code: 'skill_moved' } });
    expect(run.error!.message).toContain('retry it with the configuration "current"');
    expect(new Set(a.seen)).toEqual(new Set(['Bearer of-a']));
    expect(b.seen).toEqual([]);
  });
});
