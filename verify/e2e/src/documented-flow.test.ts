import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accepted, ended, provision } from './fixture.ts';
import { inEachMode, type RunningPlatform } from './modes.ts';
import { startSeedServer } from './seed-server.ts';

const shell = async (script: string) => (await promisify(execFile)('bash', ['-c', script])).stdout;

/** The three commands of the documentation. Where they differ: host, token, credentials, and a payload for `{...}`. */
const curls = {
  event: (url: string, token: string) => `curl -s -w '\\n%{http_code}' -X POST ${url}/webhooks/events \\
-H "Content-Type: application/json" \\
-H "X-Webhook-Token: ${token}" \\
-d '{"event_type": "invoice.uploaded", "payload": {"invoice_id": "INV-7"}}'`,
  api: (url: string) => `TOKEN=$(curl -s -X POST ${url}/oauth/token \\
-H "Content-Type: application/json" \\
-d '{
  "client_id": "dev",
  "client_secret": "dev-secret",
  "audience": "https://agent-platform.example.com",
  "grant_type": "client_credentials"
}' | node -p 'JSON.parse(require("fs").readFileSync(0, "utf8")).access_token')
# Use the token with the API
curl -s -w '\\n%{http_code}' ${url}/api/v1/agents \\
-H "Authorization: Bearer $TOKEN"`,
};

inEachMode('the documentation, command for command', (start) => {
  let platform: RunningPlatform;
  let server: Awaited<ReturnType<typeof startSeedServer>>;
  beforeAll(async () => {
    platform = await start();
    server = await startSeedServer('sk-your-configured-token');
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await platform[Symbol.asyncDispose]();
  });

  it('a JWT of the issuer lists the agents', async () => {
    const [body, status] = (await shell(curls.api(platform.url))).split('\n');
    expect(status).toBe('200');
    expect(JSON.parse(body!)).toEqual({ agents: [], next_page_token: '' });
  });

  it('an event with a source token calls the MCP server with the token configured for the skill', async () => {
    const token = await provision(platform.api, {
      name: 'seed',
      mcpServerUrl: server.url,
      bearer: 'sk-your-configured-token',
      toolCall: { tool: 'book', arguments: { invoice_id: '{{ .payload.invoice_id }}' } },
    });
    const [body, status] = (await shell(curls.event(platform.url, token))).split('\n');
    expect(status).toBe('202');
    const answer = JSON.parse(body!) as { event_id: string; status: string };
    expect(answer).toEqual({ event_id: expect.stringMatching(/^evt_/) as string, status: 'accepted' });

    const run = await ended(platform.api, answer.event_id);
    expect(run).toMatchObject({ status: 'succeeded', trigger: 'seed', attempts: 1 });
    expect(run.steps.map(({ kind, status }) => [kind, status])).toEqual([
      ['tools_list', 'succeeded'],
      ['tool_call', 'succeeded'],
    ]);
    expect(run.steps[1]).toMatchObject({ tool: 'book', arguments: { invoice_id: 'INV-7' } });
    expect(server.requests.map(({ method }) => method)).toEqual(['tools/list', 'tools/call']);
    for (const { authorization } of server.requests) expect(authorization).toBe('Bearer sk-your-configured-token');
  });

  it('a wrong token fails the run at once, says so, and is not tried again', async () => {
    const token = await provision(platform.api, {
      name: 'wrong-token',
      mcpServerUrl: server.url,
      bearer: 'sk-wrong',
      toolCall: { tool: 'book', arguments: {} },
    });
    const before = server.refused();
    const answer = (await shell(curls.event(platform.url, token))).split('\n')[0]!;
    const run = await ended(platform.api, (JSON.parse(answer) as { event_id: string }).event_id);
    expect(run).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'credential_refused' } });
    expect(run.error!.message).toMatch(/MCP server .* refused the credential/);
    expect(run.error!.message).not.toContain('sk-wrong');
    expect(server.refused() - before).toBe(1);
  });

  it('the MCP server is called in the trace that the event came with', async () => {
    const token = await provision(platform.api, {
      name: 'traced',
      mcpServerUrl: server.url,
      bearer: 'sk-your-configured-token',
      toolCall: { tool: 'book', arguments: {} },
    });
    const before = server.requests.length;
    const traceId = randomBytes(16).toString('hex');
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    await ended(
      platform.api,
      await accepted(platform.url, token, { event_type: 'invoice.uploaded', payload: {} }, headers),
    );
    const calls = server.requests.slice(before);
    expect(calls.at(-1)!.method).toBe('tools/call');
    for (const { traceparent } of calls) expect(traceparent).toMatch(new RegExp(`^00-${traceId}-`));
  });
});

it('the documentation, command for command, is what the README shows', async () => {
  const readme = await readFile(join(import.meta.dirname, '../../../README.md'), 'utf8');
  for (const needle of [
    '/webhooks/events',
    'X-Webhook-Token: whk_',
    '/oauth/token',
    '"audience": "https://agent-platform.example.com"',
  ]) {
    expect(readme).toContain(needle);
  }
});
