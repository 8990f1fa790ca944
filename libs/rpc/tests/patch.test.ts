import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgents, createEchoes, serviceOf, startServer } from './fixture.ts';

const agents = createAgents();
const echoes = createEchoes();
let server: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  server = await startServer([serviceOf(agents.routes), serviceOf(echoes.routes)]);
});
afterAll(() => server[Symbol.asyncDispose]());

const request: (typeof server)['request'] = (...args) => server.request(...args);

describe('PATCH', () => {
  it('writes the fields the body names, in either spelling, and not the one of the path', async () => {
    const body = { id: 'agt_other', displayName: 'x', instructions: null };
    const { json } = await request('PATCH', '/api/v1/agents/agt_1', { body });
    expect(json).toMatchObject({ id: 'agt_1', description: 'display_name instructions' });
  });

  it('writes the entries of a map that the body has, and removes those that are null', async () => {
    const body = { mcpHeaders: { a: '1', 'b.c': '2', D: null }, category: 'write' };
    await request('PATCH', '/api/v1/skills/lookup', { body });
    const seen = echoes.seen.updateSkill!;
    expect(seen.skill).toMatchObject({ id: 'lookup', category: 2 });
    expect(seen.skill!.mcpHeaders).toEqual({ a: '1', 'b.c': '2' });
    expect(seen.updateMask!.paths).toEqual(['mcp_headers.a', 'mcp_headers.b.c', 'mcp_headers.D', 'category']);
  });

  it.each([
    ['a map that update_mask names is written as a whole', '?update_mask=mcpHeaders', { a: '1' }, ['mcp_headers']],
    [
      'one of its entries alone',
      '?update_mask=mcp_headers.a,mcpHeaders.X-B',
      { a: '1' },
      ['mcp_headers.a', 'mcp_headers.X-B'],
    ],
    ['null removes all of it', '', null, ['mcp_headers']],
  ])('of maps: %s', async (_, query, headers, paths) => {
    await request('PATCH', `/api/v1/skills/lookup${query}`, { body: { mcp_headers: headers } });
    expect(echoes.seen.updateSkill!.updateMask!.paths).toEqual(paths);
    expect(echoes.seen.updateSkill!.skill!.mcpHeaders).toEqual(headers ?? {});
  });

  it('passes over an empty map, as an answer has it', async () => {
    await request('PATCH', '/api/v1/skills/lookup', { body: { mcp_headers: {}, category: 'read' } });
    expect(echoes.seen.updateSkill!.updateMask!.paths).toEqual(['category']);
    const nothing = await request('PATCH', '/api/v1/skills/lookup', { body: { mcp_headers: {} } });
    expect(nothing.json).toMatchObject({ status: 400, code: 'nothing_to_update' });
  });

  it('refuses a null in a map that is written as a whole', async () => {
    const body = { mcp_headers: { a: null } };
    const { json } = await request('PATCH', '/api/v1/skills/lookup?update_mask=mcp_headers', { body });
    expect(json).toMatchObject({ status: 400, errors: [{ field: 'mcp_headers["a"]' }] });
  });

  it('lets update_mask win over the body', async () => {
    const { json } = await request('PATCH', '/api/v1/agents/agt_1?update_mask=model,displayName', {
      body: { skills: [] },
    });
    expect(json.description).toBe('model display_name');
  });

  it.each([
    ['/api/v1/agents/agt_1', {}, 'nothing_to_update'],
    ['/api/v1/agents/agt_1', { id: 'agt_1' }, 'nothing_to_update'],
    ['/api/v1/agents/agt_1', { nmae: 'x' }, 'invalid_request'],
    ['/api/v1/agents/agt_1?update_mask=nmae', { name: 'x' }, 'invalid_request'],
    ['/api/v1/agents/agt_1', undefined, 'body_required'],
  ])('refuses %s with %j as %s', async (path, body, code) => {
    expect((await request('PATCH', path, { body })).json).toMatchObject({ status: 400, code });
  });
});
