import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { McpClient } from '../../src/index.ts';
import { createTestClient } from '../scripted-server.ts';
import { json, SECRET, startWorld, type World } from './world.ts';

let nowMs: number;
let world: World;
let client: McpClient;

beforeEach(async () => {
  nowMs = 1_800_000_000_000;
  world = await startWorld();
  client = createTestClient({ now: () => nowMs });
});
afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const call = (server = world.server, signal?: AbortSignal) =>
  client.callTool(server, { name: 'pay', arguments: '{}', idempotencyKey: 'key-1', ...(signal && { signal }) });
const asked = () => world.tokenRequests().length;
const calls = () => world.seen.filter(({ body }) => body.includes('tools/call'));

describe('an access token', () => {
  it('is got once for all who wait for it, and then used by all', async () => {
    await Promise.all(Array.from({ length: 50 }, () => call()));
    await Promise.all(Array.from({ length: 50 }, () => call()));
    expect(asked()).toBe(1);
    expect(calls()).toHaveLength(100);
  });

  it('is refreshed once shortly before its end, and nobody waits for that', async () => {
    await call();
    nowMs += (3600 - 61) * 1000;
    world.answers['/token'] = () => undefined;
    await Promise.all(Array.from({ length: 20 }, () => call()));
    await vi.waitFor(() => expect(asked()).toBe(2));
    expect(calls().every(({ authorization }) => authorization === 'Bearer access-token-1')).toBe(true);
  });

  it('that was refreshed replaces the one before', async () => {
    await call();
    nowMs += (3600 - 61) * 1000;
    await call();
    await vi.waitFor(() => expect(asked()).toBe(2));
    await vi.waitFor(async () => {
      await call();
      expect(calls().at(-1)!.authorization).toBe('Bearer access-token-2');
    });
    nowMs += 3000 * 1000;
    await call();
    expect(asked()).toBe(2);
  });

  it.each([
    ['503', json(503, {})],
    ['429', json(429, {}, { 'retry-after': '7' })],
    ['temporarily_unavailable', json(400, { error: 'temporarily_unavailable' })],
    ['a hang-up', (res: { destroy: () => unknown }) => void res.destroy()],
  ] as const)('stays in use until its end when a refresh fails for a passing reason: %s', async (_, answer) => {
    await call();
    world.answers['/token'] = answer;
    nowMs += (3600 - 30) * 1000;
    for (let i = 0; i < 3; i++) await call();
    await vi.waitFor(() => expect(asked()).toBe(2));
    nowMs += 6_000;
    await call();
    await vi.waitFor(() => expect(asked()).toBe(3));
    nowMs += 30_000;
    const sent = calls().length;
    await expect(call()).rejects.toMatchObject({ code: 'authorization_unavailable', retryable: true, sent: false });
    expect(calls()).toHaveLength(sent);
  });

  it('that the server refuses is replaced once, and the call repeated', async () => {
    await call();
    world.valid.clear();
    await Promise.all(Array.from({ length: 20 }, () => call()));
    expect(asked()).toBe(2);
  });

  it('that was replaced while the server thought about refusing it is not replaced again', async () => {
    await call();
    const answer = world.answers['/mcp']!;
    const late = Promise.withResolvers<void>();
    world.answers['/mcp'] = (res, seen) => void late.promise.then(() => json(401, {})(res, seen));
    const slow = call();
    await vi.waitFor(() => expect(calls()).toHaveLength(2));
    world.valid.clear();
    world.answers['/mcp'] = answer;
    await call();
    const metadata = world.seen.filter(({ path }) => path.includes('well-known')).length;
    late.resolve();
    await slow;
    expect(asked()).toBe(2);
    expect(world.seen.filter(({ path }) => path.includes('well-known'))).toHaveLength(metadata);
  });

  it('that the server refuses twice is a credential that is refused', async () => {
    await call();
    world.valid.clear();
    world.answers['/token'] = json(200, { access_token: 'never-good', token_type: 'bearer', expires_in: '3600' });
    const before = calls().length;
    await expect(call()).rejects.toMatchObject({ code: 'credential_refused', status: 401, retryable: false });
    expect({ asked: asked(), calls: calls().length - before }).toEqual({ asked: 2, calls: 2 });
    await expect(call()).rejects.toMatchObject({ code: 'credential_refused' });
    expect(asked()).toBe(3);
  });

  it('is got anew when the client has another secret', async () => {
    await call();
    await call({ ...world.server, oauth: { ...world.server.oauth!, authentication: { secret: 'rotated' } } });
    expect(asked()).toBe(2);
    await call();
    expect(asked()).toBe(2);
  });

  it('takes the place of an Authorization of the skill, whose other headers are sent', async () => {
    world.answers['/mcp'] = (res) => json(200, { id: 1, result: { tools: [] } })(res, world.seen[0]!);
    const headers = { AUTHORIZATION: 'Bearer static', 'X-Tenant': 'a' };
    await client.listTools({ ...world.server, headers }).catch(() => undefined);
    expect(world.seen.map(({ authorization }) => authorization)).not.toContain('Bearer static');
  });

  it('is waited for only as long as the caller wants; the others get it', async () => {
    let release = () => {};
    const issue = world.answers['/token']!;
    world.answers['/token'] = (res, seen) => void (release = () => issue(res, seen));
    const given = new AbortController();
    const impatient = call(world.server, given.signal);
    const patient = call();
    await vi.waitFor(() => expect(asked()).toBe(1));
    given.abort();
    await expect(impatient).rejects.toMatchObject({ code: 'cancelled', sent: false });
    release();
    await patient;
    expect(asked()).toBe(1);
  });

  it('is not waited for longer than its time', async () => {
    world.answers['/token'] = () => undefined;
    await using hasty = createTestClient({ timeouts: { listMs: 200 } });
    await expect(hasty.listTools(world.server)).rejects.toMatchObject({ retryable: true, sent: false });
  });
});

describe('a server that wants more scopes', () => {
  const wants = (scope: string) => {
    const challenge = `Bearer error="insufficient_scope", scope="${scope}"`;
    world.answers['/mcp'] = json(403, {}, { 'www-authenticate': challenge });
  };

  it('gets one more token, and after that its refusal stands', async () => {
    await call();
    wants('pay refund');
    await expect(call()).rejects.toMatchObject({
      code: 'credential_refused',
      status: 403,
      message: expect.stringContaining('the scopes "pay refund"') as string,
    });
    expect(world.tokenRequests().map((form) => form.get('scope'))).toEqual([null, 'pay refund']);
    await expect(call()).rejects.toMatchObject({ code: 'credential_refused' });
    expect(asked()).toBe(2);
  });

  it('is not asked again when it does not say which', async () => {
    await call();
    wants('');
    await expect(call()).rejects.toMatchObject({ code: 'credential_refused' });
    expect(asked()).toBe(1);
  });

  it('does not make anybody ask for scopes for ever', async () => {
    await call();
    let number = 0;
    world.answers['/mcp'] = (res, seen) =>
      json(403, {}, { 'www-authenticate': `Bearer error="insufficient_scope", scope="s${number++}"` })(res, seen);
    const before = calls().length;
    await expect(call()).rejects.toMatchObject({ code: 'credential_refused' });
    expect({ asked: asked(), calls: calls().length - before }).toEqual({ asked: 2, calls: 2 });
  });
});

it('the secret goes to the token endpoint and nowhere else, the token to the MCP server and nowhere else', async () => {
  await call();
  const basic = `Basic ${Buffer.from(`platform:${SECRET}`).toString('base64')}`;
  const carried = world.seen.filter(({ authorization, body }) => authorization !== undefined || body.includes(SECRET));
  expect(new Set(carried.map(({ host, path, authorization }) => `${host} ${path} ${authorization}`))).toEqual(
    new Set([`issuer /token ${basic}`, 'server /mcp Bearer access-token-1']),
  );
});
