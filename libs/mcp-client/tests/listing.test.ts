import type { Logger } from '@agent-platform/telemetry';
import { describe, expect, it } from 'vitest';
import { createTestClient, MODERN_LIST, silent, startScripted, type Script } from './scripted-server.ts';

const tool = (name: string, properties = {}) => ({ name, inputSchema: { type: 'object', properties } });

/** A modern server whose pages are numbered by their cursors. */
function paged(page: (number: number) => object): Script {
  return ({ body }, answer) => {
    const cursor = (body!.params as { cursor?: string }).cursor;
    answer.result({ resultType: 'complete', ...page(Number(cursor ?? 0)) });
  };
}

describe('a list of tools', () => {
  it('is read page by page', async () => {
    await using server = await startScripted(
      paged((n) => ({ tools: [tool(`t${n}`), tool('same')], ...(n < 3 && { nextCursor: String(n + 1) }) })),
    );
    await using client = createTestClient();
    const tools = await client.listTools({ url: server.url, headers: {} });
    expect(tools.map(({ name }) => name)).toEqual(['t0', 'same', 't1', 't2', 't3']);
  });

  it.each([
    ['pages without end', (n: number) => ({ tools: [], nextCursor: String(n + 1) }), 50],
    ['the same page for ever', () => ({ tools: [tool('x')], nextCursor: '0' }), 50],
    [
      'too many tools',
      (n: number) => ({ tools: Array.from({ length: 300 }, (_, i) => tool(`t${n}-${i}`)), nextCursor: String(n + 1) }),
      4,
    ],
  ])('is refused when it has %s', async (_, page, requests) => {
    await using server = await startScripted(paged(page));
    await using client = createTestClient();
    await expect(client.listTools({ url: server.url, headers: {} })).rejects.toMatchObject({
      code: 'too_large',
      retryable: false,
    });
    expect(server.requests).toHaveLength(requests);
  });

  it.each([{ tools: {} }, { tools: [{}] }, { tools: [{ name: '' }] }, { resultType: 'other', tools: [] }, 'x', null])(
    'is refused when it is none: %j',
    async (result) => {
      await using server = await startScripted((_, answer) => answer.result(result));
      await using client = createTestClient();
      await expect(client.listTools({ url: server.url, headers: {} })).rejects.toMatchObject({
        code: 'invalid_response',
      });
    },
  );

  it('carries what a tool says of itself, as far as it has the right type', async () => {
    const described = {
      ...tool('a'),
      title: 'A',
      description: 'Does a',
      annotations: { readOnlyHint: true, idempotentHint: 'yes', x: 1 },
    };
    await using server = await startScripted((_, answer) =>
      answer.result({ tools: [described, { name: 'b', inputSchema: null, title: 1 }] }),
    );
    await using client = createTestClient();
    expect(await client.listTools({ url: server.url, headers: {} })).toEqual([
      { ...tool('a'), title: 'A', description: 'Does a', annotations: { readOnlyHint: true } },
      { name: 'b', inputSchema: { type: 'object' }, annotations: {} },
    ]);
  });
});

describe('a list that is asked for many times at once', () => {
  async function setUp() {
    const server = await startScripted((_, answer) => answer.result(MODERN_LIST));
    const client = createTestClient();
    // So that finding out the dialect is over.
    await client.listTools({ url: server.url, headers: {} });
    server.requests.length = 0;
    return { server, client };
  }

  it('is asked for once under each credential', async () => {
    const { server, client } = await setUp();
    await using _ = server;
    await using __ = client;
    const of = (token: string) => client.listTools({ url: server.url, headers: token ? { authorization: token } : {} });
    const lists = await Promise.all([of(''), of(''), of('Bearer b'), of(''), of('Bearer b')]);
    expect(lists.every((list) => list.length === 1)).toBe(true);
    const tokens = server.requests.map(({ headers }) => headers.authorization ?? '').sort();
    expect(tokens).toEqual(['', 'Bearer b']);
  });

  it('stays with those who wait when one of them is stopped', async () => {
    const { server, client } = await setUp();
    await using _ = server;
    await using __ = client;
    const stopped = new AbortController();
    const first = client.listTools({ url: server.url, headers: {} }, { signal: stopped.signal });
    const second = client.listTools({ url: server.url, headers: {} });
    stopped.abort();
    await expect(first).rejects.toMatchObject({ code: 'cancelled' });
    expect(await second).toHaveLength(1);
    expect(server.requests).toHaveLength(1);
  });
});

describe('a list that may be kept', () => {
  async function listedTwice(result: object, laterMs: number, headers: Record<string, string> = {}) {
    let nowMs = 1_000;
    await using server = await startScripted((_, answer) => answer.result({ ...MODERN_LIST, ...result }));
    await using client = createTestClient({ now: () => nowMs });
    const first = await client.listTools({ url: server.url, headers: {} });
    nowMs += laterMs;
    expect(await client.listTools({ url: server.url, headers })).toEqual(first);
    return server.requests.length;
  }

  it('is not asked for again until its time is over', async () => {
    expect(await listedTwice({ ttlMs: 5_000, cacheScope: 'private' }, 4_999)).toBe(1);
    expect(await listedTwice({ ttlMs: 5_000, cacheScope: 'private' }, 5_000)).toBe(2);
  });

  it('is kept for an hour at most', async () => {
    expect(await listedTwice({ ttlMs: 1e12 }, 3_600_000)).toBe(2);
  });

  it('is asked for again under another credential', async () => {
    expect(await listedTwice({ ttlMs: 5_000, cacheScope: 'private' }, 0, { Authorization: 'Bearer b' })).toBe(2);
  });

  it('is asked for each time when the server says no time, a wrong one, or speaks an older dialect', async () => {
    expect(await listedTwice({}, 0)).toBe(2);
    expect(await listedTwice({ ttlMs: '5000' }, 0)).toBe(2);
    expect(await listedTwice({ ttlMs: -1 }, 0)).toBe(2);
    expect(await listedTwice({ ttlMs: 5_000, resultType: undefined }, 0)).toBe(2);
  });
});

describe('arguments that a server wants as headers', () => {
  const deploy = tool('deploy', {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    options: { type: 'object', properties: { dry: { type: 'boolean', 'x-mcp-header': 'Dry-Run' } } },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
  });
  const call = (args: object) => ({ name: 'deploy', arguments: JSON.stringify(args), idempotencyKey: 'k' });

  it('are sent along, encoded where they must be', async () => {
    await using server = await startScripted(({ rpc }, answer) =>
      answer.result(
        rpc === 'tools/list' ? { resultType: 'complete', tools: [deploy] } : { resultType: 'complete', content: [] },
      ),
    );
    await using client = createTestClient();
    await client.callTool(
      { url: server.url, headers: {} },
      call({ region: 'Zürich', options: { dry: true }, count: null }),
    );
    const { headers } = server.requests[1]!;
    expect(headers).toMatchObject({ 'mcp-param-region': '=?base64?WsO8cmljaA==?=', 'mcp-param-dry-run': 'true' });
    expect(headers).not.toHaveProperty('mcp-param-count');
  });

  it('are learned anew when the server finds them missing', async () => {
    let tools = [tool('deploy')];
    await using server = await startScripted(({ rpc, headers }, answer) => {
      if (rpc === 'tools/list') return answer.result({ resultType: 'complete', tools, ttlMs: 60_000 });
      if (tools[0] === deploy && headers['mcp-param-region'] !== 'eu')
        return answer.error(400, -32020, 'missing Mcp-Param-Region');
      answer.result({ resultType: 'complete', content: [] });
    });
    await using client = createTestClient();
    await client.callTool({ url: server.url, headers: {} }, call({ region: 'eu' }));
    tools = [deploy];
    await client.callTool({ url: server.url, headers: {} }, call({ region: 'eu' }));
    expect(server.methods).toEqual(['tools/list', 'tools/call', 'tools/call', 'tools/list', 'tools/call']);
    expect(await client.listTools({ url: server.url, headers: {} })).toMatchObject([deploy]);
  });

  it('leave out a tool whose annotations break the rules, and say so in the log', async () => {
    const warnings: unknown[] = [];
    const logger = {
      ...silent,
      debug: () => undefined,
      warn: (fields: unknown) => void warnings.push(fields),
    } as unknown as Logger;
    const broken = tool('broken', { a: { type: 'number', 'x-mcp-header': 'A' } });
    await using server = await startScripted((_, answer) =>
      answer.result({ resultType: 'complete', tools: [broken, tool('fine')] }),
    );
    await using client = createTestClient({ logger });
    expect((await client.listTools({ url: server.url, headers: {} })).map(({ name }) => name)).toEqual(['fine']);
    expect(warnings).toEqual([{ mcp_origin: server.url, tool: 'broken' }]);
  });
});
