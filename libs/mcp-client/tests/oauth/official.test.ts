import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestClient } from '../scripted-server.ts';
import { startOfficialPair, type OfficialPair, type ServerKind } from './official-pair.ts';

const KINDS: ServerKind[] = ['v1 stateful', 'v1 stateless', 'v2'];
const METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];

// It warns of everything that makes it fit for tests.
beforeAll(() => void vi.spyOn(console, 'warn').mockReturnValue());

const call = { name: 'echo', arguments: '{"message":"hello"}', idempotencyKey: 'key-1' };
const serverOf = (pair: OfficialPair, method: string, scopes?: string[]) => ({
  url: pair.url,
  headers: {},
  oauth: pair.client(method, scopes),
});

describe.each(KINDS)("the official SDK's server (%s) with tokens of oidc-provider", (kind) => {
  it.each(METHODS)('is listed and called with one token, got by %s', async (method) => {
    await using pair = await startOfficialPair(kind, [method]);
    await using client = createTestClient();
    const server = serverOf(pair, method);
    expect((await client.listTools(server)).map(({ name }) => name)).toEqual(['echo']);
    const results = await Promise.all(Array.from({ length: 20 }, () => client.callTool(server, call)));
    for (const { content } of results) expect(content).toEqual([{ type: 'text', text: 'Echo: hello' }]);
    expect(pair.tokenRequests.map(Object.fromEntries)).toEqual([
      expect.objectContaining({ grant_type: 'client_credentials', resource: pair.url, scope: 'tools:list' }),
    ]);
  });

  it('gets a token with the scopes it lacked, and keeps those it had', async () => {
    await using pair = await startOfficialPair(kind);
    await using client = createTestClient();
    const server = serverOf(pair, 'private_key_jwt');
    await client.listTools(server);
    pair.setRequiredScopes(['tools:call']);
    await client.callTool(server, call);
    pair.setRequiredScopes(['tools:list', 'tools:call']);
    await client.callTool(server, call);
    expect(pair.tokenRequests.map((form) => form.get('scope'))).toEqual(['tools:list', 'tools:call tools:list']);
  });
});

it('a client that the authorization server does not know is a credential that is refused', async () => {
  await using pair = await startOfficialPair('v2');
  await using client = createTestClient();
  const oauth = { ...pair.client('client_secret_basic'), authentication: { secret: 'wrong-canary' } };
  const failure: unknown = await client.listTools({ url: pair.url, headers: {}, oauth }).catch((e: unknown) => e);
  expect(failure).toMatchObject({ code: 'credential_refused', sent: false, retryable: false });
  expect((failure as Error).message).toContain('invalid_client');
  expect((failure as Error).message).not.toContain('canary');
});
