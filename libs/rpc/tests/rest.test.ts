import { AgentService } from '@agent-platform/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgents, createEchoes, createLog, serviceOf, startServer } from './fixture.ts';

const agents = createAgents();
const echoes = createEchoes();
const log = createLog();
let server: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  server = await startServer([serviceOf(agents.routes), serviceOf(echoes.routes)], log.logger);
});
afterAll(() => server[Symbol.asyncDispose]());

const request: (typeof server)['request'] = (...args) => server.request(...args);

describe('REST', () => {
  it('takes fields in either spelling and answers proto names, defaults included', async () => {
    const body = { name: 'clerk', displayName: 'Clerk', description: 'files things' };
    const { status, headers, json } = await request('POST', '/api/v1/agents?', { body });
    expect([status, headers.get('location')]).toEqual([201, '/api/v1/agents/agt_1']);
    expect(json).toEqual({
      id: 'agt_1',
      name: 'clerk',
      display_name: 'Clerk',
      description: 'files things',
      instructions: '',
      model: '',
      skills: [],
    });
    expect((await request('GET', '/api/v1/agents')).json).toEqual({ agents: [json], next_page_token: '0' });
  });

  it('spells enums short, and takes them short or in full', async () => {
    for (const category of ['read', 'SKILL_CATEGORY_READ']) {
      const { json } = await request('POST', '/api/v1/skills', { body: { name: 's', category, skill_type: 'mcp' } });
      expect(json).toMatchObject({ category: 'read', skill_type: 'mcp' });
    }
  });

  it('keeps the keys and the JSON of maps and structs as they are', async () => {
    const body = { name: 't', tool_call: { tool: 'x', arguments: { someKey: [1, 'two', { deep_key: null }] } } };
    const { json } = await request('POST', '/api/v1/triggers', { body });
    expect(json.tool_call).toEqual({ ...body.tool_call, skill_id: '' });
    expect(json).not.toHaveProperty('prompt_template');
    await request('PATCH', '/api/v1/skills/s', { body: { mcp_headers: { mcpHeaders: 'x' } } });
    expect(echoes.seen.updateSkill?.skill?.mcpHeaders).toEqual({ mcpHeaders: 'x' });
  });

  it('answers nothing that is only ever sent to us, at any depth', async () => {
    const mcp_oauth = { issuer: 'https://issuer.example', client_id: 'me', client_secret: 'sk-secret' };
    const { json, text } = await request('POST', '/api/v1/skills', {
      body: { name: 's', mcp_headers: { Authorization: 'sk-secret' }, mcp_oauth },
    });
    expect(text).not.toContain('sk-secret');
    expect(json).not.toHaveProperty('mcp_headers');
    expect(json.mcp_oauth).toEqual({ issuer: 'https://issuer.example', client_id: 'me', scopes: [] });
  });

  it.each(['Idempotency-Key', 'If-Match', 'If-None-Match', 'If-Unmodified-Since'])(
    'refuses a write with %s, which it would not keep',
    async (name) => {
      const headers = { [name]: '"1"' };
      const refused = await request('POST', '/api/v1/agents', { body: { name: 'conditional' }, headers });
      expect([refused.status, refused.json.code]).toEqual([400, 'header_not_supported']);
      expect(refused.text).toContain(name.toLowerCase());
      expect((await request('GET', '/api/v1/agents', { headers })).status).toBe(200);
      expect((await request('GET', '/api/v1/agents/conditional')).status).toBe(404);
    },
  );

  it('reads the query, enums and both spellings included', async () => {
    const { json } = await request('GET', '/api/v1/runs?status=failed&event_id=evt_1&pageSize=7');
    expect(echoes.seen.runs).toBe('5 evt_1 7');
    expect(json).toMatchObject({ runs: [{ id: 'run_1', status: 'failed' }] });
    const several = await request('GET', '/api/v1/runs?status=failed&event_id=evt_1&status=RUN_STATUS_CANCELLED');
    expect(several.json).toMatchObject({ runs: [{ status: 'failed' }, { status: 'cancelled' }] });
    expect((await request('GET', '/api/v1/runs?status=failed&status=exploded')).json).toMatchObject({
      status: 400,
      errors: [{ field: 'status[1]' }],
    });
  });

  it('knows custom verbs, with and without a body', async () => {
    const rotated = await request('POST', '/api/v1/webhook-sources/shop/tokens:rotate', {
      body: { overlap: '86400s' },
    });
    expect([rotated.status, rotated.json.token, echoes.seen.rotate]).toEqual([200, 'whk_new', 'shop 86400']);
    expect(rotated.headers.get('cache-control')).toBe('no-store');
    const revoked = await request('POST', '/api/v1/webhook-sources/shop/tokens/tok_1:revoke');
    expect([revoked.status, echoes.seen.revoke]).toEqual([200, 'shop tok_1']);
    const listed = await request('GET', '/api/v1/webhook-sources/sh%6Fp/tokens');
    expect(listed.json).toMatchObject({ tokens: [{ id: 'shop' }] });
  });

  it('answers HEAD as GET without the body', async () => {
    const { status, text } = await request('HEAD', '/api/v1/agents');
    expect([status, text]).toEqual([200, '']);
  });
});

describe('what cannot be read', () => {
  it.each([
    ['a wrong type', { name: 5 }, [{ field: 'name', description: 'expected a string' }]],
    ['an unknown field', { foo: 1 }, [{ field: 'foo', description: 'unknown field "foo"' }]],
    ['an element of a list', { skills: ['a', 7] }, [{ field: 'skills[1]', description: 'expected a string' }]],
    [
      'a broken rule',
      { name: 'No Slug' },
      [{ field: 'name', description: expect.stringContaining('lower-case letters') as string }],
    ],
  ])('is answered with the field: %s', async (_name, body, errors) => {
    const { status, headers, json } = await request('POST', '/api/v1/agents', { body });
    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(json).toMatchObject({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      code: 'invalid_request',
      errors,
    });
    expect(json.detail).toContain(errors[0]!.field);
  });

  it.each([
    ['/api/v1/runs?foo=1', 'foo'],
    ['/api/v1/runs?page_size=many', 'page_size'],
    ['/api/v1/runs?page_size=1&page_size=2', 'page_size'],
    ['/api/v1/runs?status=exploded', 'status[0]'],
    ['/api/v1/runs?page_size=5000', 'page_size'],
    ['/api/v1/runs?__proto__=1', '__proto__'],
  ])('is answered with the parameter: %s', async (path, field) => {
    expect((await request('GET', path)).json).toMatchObject({ status: 400, errors: [{ field }] });
  });

  it.each([
    ['PATCH', '/api/v1/agents/a', 'agent.name'],
    ['POST', '/api/v1/webhook-sources/a/tokens:rotate', 'overlap'],
  ])('is a parameter that belongs into the body: %s %s?%s', async (method, path, name) => {
    const { json } = await request(method, `${path}?${name}=x`, { body: { name: 'x' } });
    expect(json).toMatchObject({ errors: [{ description: `unknown query parameter "${name}"` }] });
  });

  it.each<[string, RequestInit['body'] & string, Record<string, string>, number, string]>([
    ['no body', '', {}, 400, 'body_required'],
    ['not JSON', '{"name": ', {}, 400, 'invalid_json'],
    ['not an object', '[]', {}, 400, 'invalid_request'],
    ['a form', 'name=x', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
    ['compressed', '{}', { 'content-encoding': 'gzip' }, 415, 'unsupported_media_type'],
    ['10 MB', `{"name":"${'x'.repeat(10e6)}"}`, {}, 413, 'payload_too_large'],
    ['too deep', '['.repeat(50_000) + ']'.repeat(50_000), {}, 400, 'invalid_json'],
    ['__proto__', '{"name":"a","__proto__":{"isAdmin":true}}', {}, 400, 'invalid_json'],
  ])('is refused: %s', async (_name, body, headers, status, code) => {
    const answer = await request('POST', '/api/v1/agents', { body, headers });
    expect(answer).toMatchObject({ status, json: { status, code } });
    expect(answer.headers.get('accept-encoding')).toBe(status === 415 ? 'identity' : null);
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  it('does not quote values', async () => {
    const body = {
      name: 's',
      mcp_headers: { Authorization: { nested: 'sk-very-secret' } },
      display_name: { a: 'sk-too' },
    };
    const { text } = await request('POST', '/api/v1/skills', { body });
    expect(text).toContain('mcp_headers[\\"Authorization\\"]: expected a string');
    expect(text).not.toMatch(/sk-/);
  });
});

describe('who and where', () => {
  it('asks for a token before it says what is wrong with the body', async () => {
    const { status, headers, json } = await request('POST', '/api/v1/agents', { token: null, body: '{' });
    expect([status, headers.get('www-authenticate'), json.code]).toEqual([
      401,
      'Bearer error="invalid_token"',
      'token_invalid',
    ]);
    expect((await request('PATCH', '/api/v1/agents/x', { token: 'nothing', body: {} })).status).toBe(403);
  });

  it('answers 405 with what is possible', async () => {
    const { status, headers } = await request('PUT', '/api/v1/agents', { body: {} });
    expect([status, headers.get('allow')?.split(', ').toSorted()]).toEqual([405, ['GET', 'POST']]);
    expect((await request('POST', '/healthz')).headers.get('allow')).toBe('GET');
  });

  it.each(['/api/v1/agnets', '/api/v1/agents/a/b', '/api/v1/agents/', '/nope', '/api/v1/agents/a:frobnicate/x'])(
    'says where the API is: %s',
    async (path) => {
      const { status, json } = await request('GET', path);
      expect(status).toBe(404);
      expect(json.detail).toBe(`There is nothing at ${path}. The API is below /api/v1.`);
    },
  );

  it.each(['/api/v1/agents/agt_1:frobnicate', '/api/v1/agents:frobnicate'])(
    'answers 404 for a custom verb that is not there: %s',
    async (path) => {
      const { status, json } = await request('POST', path, { body: {} });
      expect([status, json.code]).toEqual([404, 'not_found']);
    },
  );

  it.each([
    ['/api/v1/agents', ['GET', 'POST']],
    [`/${AgentService.typeName}/GetAgent`, ['GET', 'POST']],
    ['/healthz', ['GET']],
  ])('answers OPTIONS with what is possible and lets no other origin in: %s', async (path, allowed) => {
    const preflight = { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' };
    const { status, headers, text } = await request('OPTIONS', path, { token: null, headers: preflight });
    expect([status, text, headers.get('allow')?.split(', ').toSorted()]).toEqual([204, '', allowed]);
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('says when to try again', async () => {
    const { status, headers, json } = await request('GET', '/api/v1/agents/busy');
    expect([status, headers.get('retry-after'), json.code]).toEqual([503, '7', 'bus_down']);
  });
});

describe('what nobody foresaw', () => {
  it('is told by request id only, and logged once with its cause and without the token', async () => {
    log.lines.length = 0;
    const answer = await request('GET', '/api/v1/agents/broken', { headers: { 'x-request-id': 'req-42' } });
    expect(answer).toMatchObject({
      status: 500,
      json: { code: 'internal', detail: expect.stringContaining('req-42') as string },
    });
    expect(answer.text).not.toMatch(/postgres|hunter2/);
    expect(log.errors()).toHaveLength(1);
    expect(JSON.parse(log.errors()[0]!)).toMatchObject({
      rpc: 'agentplatform.management.v1.AgentService/GetAgent',
      request_id: 'req-42',
      org_id: 'org_test',
    });
    expect(log.errors()[0]).toContain('TypeError: connection string');
    expect(log.lines.join('')).not.toMatch(/Bearer all|hunter2/);
  });

  it('is all that is logged at error level', () => {
    expect(log.errors()).toHaveLength(1);
  });
});
