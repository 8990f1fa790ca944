import { inspect } from 'node:util';
import type { Logger } from '@agent-platform/telemetry';
import { describe, expect, it } from 'vitest';
import { createTestClient } from '../scripted-server.ts';
import { json, SECRET, startWorld, type World } from './world.ts';

const BASIC = Buffer.from(`platform:${SECRET}`).toString('base64');

/** Calls the tool `pay`. @returns all that anybody could see of it. */
async function call(world: World): Promise<{ outcome: unknown; shown: string }> {
  const logged: unknown[] = [];
  const log = (...entry: unknown[]) => void logged.push(entry);
  const logger = { debug: log, info: log, warn: log, error: log } as unknown as Logger;
  await using client = createTestClient({ logger });
  const outcome: unknown = await client
    .callTool(world.server, { name: 'pay', arguments: '{}', idempotencyKey: 'key-1' })
    .catch((error: unknown) => error);
  const shown = inspect([outcome, logged], { depth: 20, showHidden: true }) + JSON.stringify([outcome, logged]);
  return { outcome, shown };
}

describe('an authorization server that says what it hears', () => {
  const echo = `${SECRET} ${BASIC}`;
  it.each([
    [
      'in an error',
      json(400, { error: 'invalid_client', error_description: echo, error_uri: echo }),
      'credential_refused',
    ],
    ['as an error', json(401, { error: SECRET }), 'credential_refused'],
    ['as a name that objects have', json(400, { error: 'constructor' }), 'credential_refused'],
    ['in a redirect', json(302, {}, { location: `https://evil.example/?${BASIC}` }), 'credential_refused'],
    ['in what is no JSON', (res: { end: (text: string) => unknown }) => void res.end(echo), 'authorization_invalid'],
    [
      'in what is no HTTP',
      (res: { socket: unknown }) => void (res.socket as { end: (t: string) => void }).end(echo),
      'authorization_invalid',
    ],
    ['as no token', json(200, { access_token: 7, token_type: echo }), 'authorization_invalid'],
    ['as a type of token', json(200, { access_token: 'good-enough', token_type: echo }), 'authorization_invalid'],
    [
      'with a line break in the token',
      json(200, { access_token: `a\r\nx: ${echo}`, token_type: 'Bearer' }),
      'authorization_invalid',
    ],
    ['in 2 MiB', json(200, { access_token: SECRET.repeat(100_000), token_type: 'Bearer' }), 'authorization_invalid'],
    ['in a server error', json(500, { error: echo }), 'authorization_unavailable'],
  ] as const)('shows no secret to anybody: %s', async (_, answer, code) => {
    await using world = await startWorld();
    world.answers['/token'] = answer;
    const { outcome, shown } = await call(world);
    expect(outcome).toMatchObject({ code, sent: false });
    expect(shown).not.toContain('canary');
    expect(shown).not.toContain(BASIC);
    expect(world.tokenRequests()).toHaveLength(1);
  });
});

describe('an MCP server that says what it hears', () => {
  const answered: [string, (authorization: string) => ReturnType<typeof json>][] = [
    ['as a result', (said) => json(200, { jsonrpc: '2.0', id: null, error: { code: 1, message: said, data: said } })],
    ['with 403', (said) => json(403, { error: { code: 1, message: said } })],
    ['with 400', (said) => json(400, { error: { code: 1, message: said } })],
    [
      'as the scopes it wants',
      (said) => json(403, {}, { 'www-authenticate': `Bearer error="insufficient_scope", scope="${said}"` }),
    ],
  ];
  it.each(answered)('shows no token in an error: %s', async (_, answer) => {
    await using world = await startWorld();
    const work = world.answers['/mcp']!;
    world.answers['/mcp'] = (res, seen) =>
      (seen.body.includes('tools/call') ? answer(seen.authorization!) : work)(res, seen);
    const { outcome, shown } = await call(world);
    expect(outcome).toBeInstanceOf(Error);
    expect(shown).not.toContain('access-token');
    expect(world.seen.at(-1)!.authorization).toContain('access-token');
  });

  it('shows no token in the result of a tool or in the list of tools', async () => {
    await using world = await startWorld();
    world.answers['/mcp'] = (res, { body, authorization }) => {
      const { id, method } = JSON.parse(body) as { id: number; method: string };
      const tools = [{ name: 'pay', description: authorization, inputSchema: { type: 'object' } }];
      const content = [{ type: 'text', text: `You sent ${authorization}` }];
      const result = method === 'tools/list' ? { resultType: 'complete', tools } : { resultType: 'complete', content };
      json(200, { jsonrpc: '2.0', id, result })(res, world.seen[0]!);
    };
    const { outcome, shown } = await call(world);
    expect(outcome).toMatchObject({ content: [{ text: 'You sent [redacted]' }] });
    expect(shown).not.toContain('access-token');
    await using client = createTestClient();
    expect(JSON.stringify(await client.listTools(world.server))).toContain('[redacted]');
  });

  it('gets no token to another place by a redirect', async () => {
    await using world = await startWorld();
    world.answers['/mcp'] = json(307, {}, { location: `${world.issuer}/elsewhere` });
    const { outcome } = await call(world);
    expect(outcome).toMatchObject({ code: 'redirect_refused' });
    expect(world.seen.filter(({ path }) => path === '/elsewhere')).toEqual([]);
  });

  it('learns nothing of the secret by naming a place for the metadata', async () => {
    await using world = await startWorld();
    world.challenge = `Bearer resource_metadata="${world.issuer}/anything?x=1"`;
    world.answers['/anything?x=1'] = json(302, {}, { location: `${world.issuer}/elsewhere` });
    const { outcome } = await call(world);
    expect(outcome).toMatchObject({ code: 'authorization_invalid' });
    expect(world.seen.map(({ path }) => path)).toEqual(['/mcp', '/anything?x=1']);
    expect(world.seen.at(-1)).toMatchObject({ method: 'GET', authorization: undefined, body: '' });
  });
});
