import { describe, expect, it } from 'vitest';
import { startV1Stateful } from './official-servers.ts';
import { createTestClient, MODERN_LIST, pay, startScripted, type Script } from './scripted-server.ts';

const SERVER = { Authorization: 'Bearer t0p-secret' };
const PAID = { resultType: 'complete', content: [{ type: 'text', text: 'paid' }] };

/** Scripts in the ways that servers speak. */
const modern: Script = ({ rpc, headers }, answer) => {
  if (headers['mcp-protocol-version'] !== '2026-07-28')
    return answer.error(400, -32022, 'no', { supported: ['2026-07-28'] });
  if (headers['mcp-method'] !== rpc) return answer.error(400, -32020);
  answer.result(rpc === 'tools/list' ? MODERN_LIST : PAID);
};
const bare: Script = ({ rpc, body }, answer) => {
  if (rpc === 'tools/list') return answer.result({ tools: [{ name: 'pay' }] });
  if (rpc === 'tools/call') return answer.result({ paid: (body!.params as { name: string }).name });
  answer.error(200, -32601);
};
const sessions = (ids: Set<string>, lost: (answer: Parameters<Script>[1]) => void): Script => {
  let last = 0;
  return ({ rpc, headers }, answer) => {
    if (rpc === 'initialize') {
      const result = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: {} };
      ids.add(`s${++last}`);
      return answer.json(200, { jsonrpc: '2.0', id: 1, result }, { 'mcp-session-id': `s${last}` });
    }
    if (headers['mcp-session-id'] === undefined) return answer.error(400, -32000, 'No session');
    if (!ids.has(headers['mcp-session-id'] as string)) return lost(answer);
    if (rpc.startsWith('notifications/')) return void answer.res.writeHead(202).end();
    if (headers['mcp-protocol-version'] !== '2025-06-18') return answer.error(400, -32000, 'Wrong version');
    answer.result(rpc === 'tools/list' ? { tools: [{ name: 'pay' }] } : { content: [{ type: 'text', text: 'paid' }] });
  };
};

describe('what is sent', () => {
  it('to a bare server is what the documentation shows, once it is known', async () => {
    await using server = await startScripted(bare);
    await using client = createTestClient();
    await client.listTools({ url: server.url, headers: SERVER });
    await client.listTools({ url: server.url, headers: SERVER });
    const { body, headers } = server.requests[1]!;
    expect(body).toEqual({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect(headers).toEqual({
      host: expect.any(String) as string,
      connection: 'keep-alive',
      'content-length': expect.any(String) as string,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: 'Bearer t0p-secret',
    });
    expect(await pay(client, server.url, { headers: SERVER })).toEqual({
      content: [{ type: 'text', text: '{"paid":"pay"}' }],
      structuredContent: { paid: 'pay' },
      isError: false,
    });
  });

  it.each([
    ['bare', bare],
    ['modern', modern],
    ['session', sessions(new Set(), () => undefined)],
  ])('with a call carries its key and its trace: %s', async (dialect, script) => {
    await using server = await startScripted(script);
    await using client = createTestClient();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const call = { name: 'pay', arguments: '{"a":1.10}', idempotencyKey: 'key-1', traceparent };
    await client.callTool({ url: server.url, headers: SERVER }, call);
    const { headers, body } = server.requests.at(-1)!;
    expect(headers).toMatchObject({ 'idempotency-key': 'key-1', traceparent, authorization: 'Bearer t0p-secret' });
    expect(body).toMatchObject({
      method: 'tools/call',
      params: { name: 'pay', arguments: { a: 1.1 }, _meta: { 'dev.agent-platform/idempotencyKey': 'key-1' } },
    });
    expect(server.requests.every((request) => request.headers.traceparent === traceparent)).toBe(true);
    if (dialect === 'modern') {
      expect(headers).toMatchObject({ 'mcp-method': 'tools/call', 'mcp-name': 'pay' });
      expect(body).toMatchObject({
        params: {
          _meta: {
            traceparent,
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientCapabilities': {
              extensions: { 'io.modelcontextprotocol/oauth-client-credentials': {} },
            },
          },
        },
      });
    }
  });

  it('leaves the headers of the connection to the client', async () => {
    await using server = await startScripted(bare);
    await using client = createTestClient();
    const headers = {
      Host: 'other.example',
      'Content-Length': '1',
      'Transfer-Encoding': 'chunked',
      accept: 'x',
      'X-Tenant': ' acme\n',
    };
    await client.listTools({ url: server.url, headers });
    expect(server.requests[0]!.headers).toMatchObject({
      host: new URL(server.url).host,
      'x-tenant': 'acme',
      accept: 'application/json, text/event-stream',
    });
    expect(server.requests[0]!.headers).not.toHaveProperty('transfer-encoding');
  });
});

describe('a server that changes', () => {
  it.each([
    ['404', (a) => a.error(404, -32001, 'Session not found')],
    ['400', (a) => a.error(400, -32000, 'Bad Request: No valid session ID provided')],
    ['404 without a body', (a) => void a.res.writeHead(404).end()],
  ] satisfies [string, Parameters<typeof sessions>[1]][])(
    'its lost session is made anew within the call: %s',
    async (_, lost) => {
      const ids = new Set<string>();
      await using server = await startScripted(sessions(ids, lost));
      await using client = createTestClient();
      await pay(client, server.url);
      ids.clear();
      expect(await pay(client, server.url)).toMatchObject({ content: [{ text: 'paid' }] });
      expect(await client.listTools({ url: server.url, headers: {} })).toHaveLength(1);
      expect(server.methods.slice(4)).toEqual([
        'tools/call',
        'tools/list',
        'initialize',
        'notifications/initialized',
        'tools/call',
        'tools/list',
      ]);
    },
  );

  it('its lost session is made anew once for all calls on their way', async () => {
    await using server = await startV1Stateful();
    await using client = createTestClient();
    const echo = () =>
      client.callTool(
        { url: server.url, headers: {} },
        { name: 'echo', arguments: '{"message":"x"}', idempotencyKey: 'k' },
      );
    await echo();
    server.restart();
    server.requests.length = 0;
    await Promise.all(Array.from({ length: 10 }, echo));
    expect(server.requests.filter(({ body }) => body?.method === 'initialize')).toHaveLength(1);
  });

  it.each([
    ['bare', 'modern'],
    ['modern', 'sessions'],
    ['sessions', 'modern'],
    ['modern', 'bare'],
    ['bare', 'sessions'],
  ] as const)('from %s to %s is understood within one call', async (before, after) => {
    const scripts = { bare, modern, sessions: sessions(new Set(), (answer) => answer.error(404, -32001)) };
    let script: Script = scripts[before];
    await using server = await startScripted((request, answer) => script(request, answer));
    await using client = createTestClient();
    await pay(client, server.url);
    script = scripts[after];
    expect((await pay(client, server.url)).isError).toBe(false);
    expect((await client.listTools({ url: server.url, headers: {} })).map(({ name }) => name)).toEqual(['pay']);
  });

  it.each([
    ['modern', modern],
    ['bare', bare],
  ])('has a call repeated only when speaking another way may help: %s', async (_, script) => {
    await using server = await startScripted((request, answer) =>
      request.rpc === 'tools/call' ? answer.error(400, -32000, 'no money') : script(request, answer),
    );
    await using client = createTestClient();
    await expect(pay(client, server.url)).rejects.toMatchObject({
      code: 'request_refused',
      rpcCode: -32000,
      answered: true,
    });
    expect(server.methods).toEqual(['tools/list', 'tools/call', 'tools/list']);
  });
});

describe('getting to know a server', () => {
  it.each([
    ['everything is 404', 404, 3, 'request_refused'],
    ['everything is 405', 405, 3, 'request_refused'],
    ['everything is 401', 401, 1, 'credential_refused'],
    ['everything is 500', 500, 1, 'server_error'],
    ['everything is 429', 429, 1, 'rate_limited'],
  ])('takes few questions when %s', async (_, status, questions, code) => {
    await using server = await startScripted((_request, answer) => answer.json(status, {}));
    await using client = createTestClient();
    await expect(pay(client, server.url)).rejects.toMatchObject({ code, sent: false });
    expect(server.methods).toHaveLength(questions);
    expect(server.methods).not.toContain('tools/call');
  });

  it('stops when initialize meets a wrong credential', async () => {
    await using server = await startScripted(({ rpc }, answer) => answer.json(rpc === 'initialize' ? 401 : 400, {}));
    await using client = createTestClient();
    await expect(pay(client, server.url)).rejects.toMatchObject({ code: 'credential_refused' });
    expect(server.methods).toEqual(['tools/list', 'initialize']);
  });

  it.each([-32020, -32021, -32022])('stays modern when a modern server refuses with %i', async (code) => {
    await using server = await startScripted((_, answer) =>
      answer.error(400, code, 'no', { supported: ['2027-01-01'] }),
    );
    await using client = createTestClient();
    await expect(pay(client, server.url)).rejects.toMatchObject({ code: 'request_refused', rpcCode: code });
    expect(server.methods).toEqual(['tools/list']);
  });

  it('goes back to initialize when a modern server says that it supports older versions only', async () => {
    const old = sessions(new Set(), () => undefined);
    await using server = await startScripted((request, answer) =>
      request.headers['mcp-method']
        ? answer.error(400, -32022, 'no', { supported: ['2025-11-25'] })
        : old(request, answer),
    );
    await using client = createTestClient();
    expect(await pay(client, server.url)).toMatchObject({ isError: false });
  });

  it('fits servers that want initialize and refuse anything else with status 200', async () => {
    const old = sessions(new Set(), () => undefined);
    await using server = await startScripted((request, answer) =>
      request.rpc !== 'initialize' && !request.headers['mcp-session-id']
        ? answer.error(200, -32602)
        : old(request, answer),
    );
    await using client = createTestClient();
    expect(await pay(client, server.url)).toMatchObject({ isError: false });
  });

  it.each([
    ['a version nobody knows', { protocolVersion: '2031-01-01' }, {}],
    ['no version', {}, {}],
    ['a session id that is no header value', { protocolVersion: '2025-11-25' }, { 'mcp-session-id': 'a b' }],
  ])('refuses an initialize with %s', async (_, result, headers) => {
    await using server = await startScripted(({ rpc }, answer) =>
      rpc === 'initialize' ? answer.json(200, { jsonrpc: '2.0', id: 1, result }, headers) : answer.json(400, {}),
    );
    await using client = createTestClient();
    await expect(pay(client, server.url)).rejects.toMatchObject({ code: 'invalid_response' });
  });

  it('remembers apart what it learned under different credentials', async () => {
    await using server = await startScripted(modern);
    await using client = createTestClient();
    await pay(client, server.url, { headers: { Authorization: 'Bearer a' } });
    await pay(client, server.url, { headers: { Authorization: 'Bearer b' } });
    await pay(client, server.url, { headers: { authorization: 'Bearer a ' } });
    expect(server.methods).toEqual(['tools/list', 'tools/call', 'tools/list', 'tools/call', 'tools/call']);
  });
});
