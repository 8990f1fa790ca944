import { describe, expect, it } from 'vitest';
import { createTestClient } from '../scripted-server.ts';
import { json, startWorld, type World } from './world.ts';

const PRM = '/.well-known/oauth-protected-resource';
const AS = '/.well-known/oauth-authorization-server';

/** Lists the tools in a world that a test has changed. @returns what went wrong, if anything. */
async function list(world: World): Promise<unknown> {
  await using client = createTestClient();
  return await client.listTools(world.server).then(
    () => undefined,
    (error: unknown) => error,
  );
}

const paths = (world: World, host: 'server' | 'issuer') =>
  world.seen.filter((seen) => seen.host === host && seen.path !== '/mcp').map(({ path }) => path);

describe('who issues the tokens of a server', () => {
  it('is asked at the well-known places in order, when its challenge does not say', async () => {
    await using world = await startWorld();
    const metadata = world.answers[`${PRM}/mcp`]!;
    for (const challenge of [undefined, 'Bearer error="invalid_token"', 'Basic realm="x"']) {
      world.challenge = challenge;
      expect(await list(world)).toBeUndefined();
    }
    expect(paths(world, 'server')).toEqual([`${PRM}/mcp`, `${PRM}/mcp`, `${PRM}/mcp`]);
    delete world.answers[`${PRM}/mcp`];
    world.answers[PRM] = metadata;
    expect(await list(world)).toBeUndefined();
    expect(paths(world, 'server').slice(3)).toEqual([`${PRM}/mcp`, PRM]);
  });

  it('is asked after the documented refusal of a simple server too', async () => {
    await using world = await startWorld();
    const take = world.answers['/mcp']!;
    const refusal = { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Unauthorized' } };
    world.valid.add('');
    world.answers['/mcp'] = (res, seen) => (seen.authorization ? take(res, seen) : json(200, refusal)(res, seen));
    expect(await list(world)).toBeUndefined();
    expect(world.tokenRequests()).toHaveLength(1);
  });

  it.each(['', '/', '/mcp', '/mcp/'])('may be said of a resource above: "%s"', async (path) => {
    await using world = await startWorld();
    const resource = world.serverUrl.replace('/mcp', path);
    world.answers[`${PRM}/mcp`] = json(200, {
      resource,
      authorization_servers: ['https://other.example', world.issuer],
    });
    expect(await list(world)).toBeUndefined();
    expect(world.tokenRequests()[0]!.get('resource')).toBe(resource);
  });

  it.each([
    ['of another origin', () => 'https://mcp.example/mcp'],
    ['of the issuer', (world: World) => world.issuer],
    ['next to it', (world: World) => `${world.serverUrl}2`],
    ['below it', (world: World) => `${world.serverUrl}/admin`],
    ['half of its name', (world: World) => world.serverUrl.slice(0, -1)],
    ['with a fragment', (world: World) => `${world.serverUrl}#x`],
    ['with a query', (world: World) => `${world.serverUrl}?tenant=2`],
    ['with a user', (world: World) => world.serverUrl.replace('//', '//user@')],
    ['that is no URL', () => 'mcp'],
    ['that is no text', () => 7],
  ])('is not believed about a resource %s', async (_, resource) => {
    await using world = await startWorld();
    world.answers[`${PRM}/mcp`] = json(200, { resource: resource(world), authorization_servers: [world.issuer] });
    expect(await list(world)).toMatchObject({ code: 'authorization_invalid', sent: false, retryable: false });
    expect(paths(world, 'issuer')).toEqual([]);
  });

  it.each([
    ['another', ['https://evil.example']],
    ['one with a slash more', (issuer: string) => [`${issuer}/`]],
    ['one in capitals', (issuer: string) => [issuer.toUpperCase()]],
    ['none', []],
    ['something else', 'nobody'],
  ])('is nobody the secret is shown to, when the server names %s', async (_, named) => {
    await using world = await startWorld();
    const servers = typeof named === 'function' ? named(world.issuer) : named;
    world.answers[`${PRM}/mcp`] = json(200, { resource: world.serverUrl, authorization_servers: servers });
    const failure = await list(world);
    expect(failure).toMatchObject({ code: 'authorization_invalid', sent: false });
    expect(String(failure)).toContain('character for character');
    expect(paths(world, 'issuer')).toEqual([]);
  });
});

describe('the metadata of an authorization server', () => {
  it.each([
    ['', [AS, '/.well-known/openid-configuration']],
    ['/', [AS, '/.well-known/openid-configuration']],
    [
      '/tenant',
      [`${AS}/tenant`, '/.well-known/openid-configuration/tenant', '/tenant/.well-known/openid-configuration'],
    ],
  ])('is looked for in the order that MCP prescribes: issuer "%s"', async (issuerPath, places) => {
    for (let at = 0; at < places.length; at++) {
      await using world = await startWorld({ issuerPath });
      const document = { issuer: world.issuer, token_endpoint: `${new URL(world.issuer).origin}/token` };
      for (const place of [`${AS}${issuerPath}`, AS]) delete world.answers[place];
      // A page and another issuer's metadata are none.
      if (at > 0)
        world.answers[places[0]!] = at > 1 ? (res) => void res.end('<html>') : json(200, { ...document, issuer: 'x' });
      world.answers[places[at]!] = json(200, document);
      expect(await list(world)).toBeUndefined();
      expect(paths(world, 'issuer')).toEqual([...places.slice(0, at + 1), '/token']);
    }
  });

  it.each([
    ['is of another issuer', (issuer: string) => ({ issuer: `${issuer}/`, token_endpoint: `${issuer}/token` })],
    ['names no token endpoint', (issuer: string) => ({ issuer })],
    ['is no object', () => []],
  ])('is not used when it %s', async (_, document) => {
    await using world = await startWorld();
    world.answers[AS] = json(200, document(world.issuer));
    expect(await list(world)).toMatchObject({ code: 'authorization_invalid', sent: false });
    expect(world.tokenRequests()).toEqual([]);
  });

  it('does not lead the secret to a place without TLS', async () => {
    await using world = await startWorld();
    world.answers[AS] = json(200, { issuer: world.issuer, token_endpoint: 'http://token.example/token' });
    const failure = await list(world);
    expect(failure).toMatchObject({ code: 'address_refused', sent: false });
    expect(String(failure)).toContain('must begin with https://');
  });

  it.each([
    [['private_key_jwt'], 'authorization_invalid'],
    [['client_secret_post', 'none'], undefined],
  ])('says how clients may say who they are: %s', async (methods, code) => {
    await using world = await startWorld();
    const endpoint = { token_endpoint: `${world.issuer}/token`, token_endpoint_auth_methods_supported: methods };
    world.answers[AS] = json(200, { issuer: world.issuer, ...endpoint });
    const failure = (await list(world)) as { code: string } | undefined;
    expect(failure?.code).toBe(code);
    if (code === undefined) expect(world.tokenRequests()[0]!.get('client_secret')).toContain('canary');
  });
});

describe('what is not there right now', () => {
  it.each([
    ['the metadata of the resource', `${PRM}/mcp`],
    ['the metadata of the issuer', AS],
    ['the token endpoint', '/token'],
  ])('may be there later: %s', async (_, path) => {
    for (const answer of [json(500, {}), json(503, {}, { 'retry-after': '3' }), json(429, {})]) {
      await using world = await startWorld();
      world.answers[path] = answer;
      expect(await list(world)).toMatchObject({ code: 'authorization_unavailable', retryable: true, sent: false });
    }
  });

  it('is asked for again after as long as it says', async () => {
    await using world = await startWorld();
    world.answers['/token'] = json(503, {}, { 'retry-after': '3' });
    expect(await list(world)).toMatchObject({ retryAfterMs: 3_000 });
  });
});

describe('scopes', () => {
  const asked = async (o: { challenge?: string; configured?: string[]; supported?: string[] }) => {
    await using world = await startWorld({ oauth: { scopes: o.configured ?? [] } });
    if (o.challenge !== undefined) world.challenge = `Bearer scope="${o.challenge}"`;
    const metadata = {
      resource: world.serverUrl,
      authorization_servers: [world.issuer],
      scopes_supported: o.supported,
    };
    world.answers[`${PRM}/mcp`] = json(200, metadata);
    await list(world);
    return world.tokenRequests()[0]!.get('scope');
  };

  it('are those of the challenge, else those configured, else those of the metadata', async () => {
    const all = { challenge: 'c b', configured: ['d'], supported: ['e'] };
    expect(await asked(all)).toBe('b c');
    expect(await asked({ configured: ['d'], supported: ['e'] })).toBe('d');
    expect(await asked({ supported: ['e'] })).toBe('e');
    expect(await asked({})).toBeNull();
  });
});
