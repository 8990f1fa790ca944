import { describe, expect, it } from 'vitest';
import { createTestClient, MODERN_LIST, pay, startScripted, type Script } from './scripted-server.ts';

const list: Script = ({ rpc }, answer) => {
  if (rpc === 'tools/list') answer.result(MODERN_LIST);
};

/** Answers lists well and calls as told. */
function onCall(script: Script): Script {
  return (request, answer) => (request.rpc === 'tools/list' ? list(request, answer) : script(request, answer));
}

const UNAUTHORIZED = { jsonrpc: '2.0', error: { code: -32000, message: 'Unauthorized' } };

describe('what a server answers to a call', () => {
  const refused = { retryable: false, sent: true, answered: true, outcomeUnknown: false };
  const unknown = { sent: true, answered: false, outcomeUnknown: true };
  const cases: [string, Script, object][] = [
    ['401', (_, a) => a.json(401, {}), { ...refused, code: 'credential_refused', status: 401 }],
    ['403', (_, a) => a.json(403, {}), { ...refused, code: 'credential_refused' }],
    ['401 as in the document', (_, a) => a.json(401, UNAUTHORIZED), { ...refused, code: 'credential_refused' }],
    [
      'its body with 200',
      (_, a) => a.json(200, UNAUTHORIZED),
      { ...refused, code: 'credential_refused', rpcCode: -32000 },
    ],
    ['its body with 400', (_, a) => a.json(400, UNAUTHORIZED), { ...refused, code: 'credential_refused' }],
    ['409', (_, a) => a.json(409, 'no'), { ...refused, code: 'request_refused', status: 409 }],
    ['307', (_, a) => a.json(307, {}, { location: '/other' }), { ...refused, code: 'redirect_refused' }],
    [
      '429',
      (_, a) => a.json(429, {}, { 'retry-after': '7' }),
      { ...refused, code: 'rate_limited', retryable: true, retryAfterMs: 7_000, retryAfterSeconds: 7 },
    ],
    [
      '503',
      (_, a) => a.json(503, {}, { 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }),
      { ...refused, code: 'server_error', retryable: true, retryAfterMs: 30_000 },
    ],
    ...[500, 501, 502, 504, 507, 520, 521, 522, 523, 524, 525, 526, 527, 599].map(
      (status): [string, Script, object] => [
        String(status),
        (_, a) => a.json(status, 'oops'),
        { ...unknown, code: 'server_error', retryable: true, status },
      ],
    ),
    [
      'a JSON-RPC error with 500',
      (_, a) => a.error(500, -32603, 'broken'),
      { ...unknown, code: 'server_error', rpcCode: -32603 },
    ],
    ['401 as in the document, with 502', (_, a) => a.json(502, UNAUTHORIZED), { ...unknown, code: 'server_error' }],
    [
      'a JSON-RPC error',
      (_, a) => a.error(200, -32602, 'euros missing'),
      {
        ...refused,
        code: 'rpc_error',
        rpcCode: -32602,
        message: expect.stringContaining('-32602: euros missing') as string,
      },
    ],
    ['a wish for input', (_, a) => a.result({ resultType: 'input_required' }), { ...refused, code: 'input_required' }],
    [
      'a type of result nobody knows',
      (_, a) => a.result({ resultType: 'maybe' }),
      { ...unknown, code: 'invalid_response', retryable: false },
    ],
    [
      'another id',
      (_, a) => a.json(200, { jsonrpc: '2.0', id: 'x', result: {} }),
      { ...unknown, code: 'invalid_response', retryable: false },
    ],
    ['no JSON', (_, a) => void a.res.end('<html>'), { ...unknown, code: 'invalid_response' }],
    ['a JSON list', (_, a) => a.json(200, []), { ...unknown, code: 'invalid_response' }],
    ['an empty body', (_, a) => void a.res.writeHead(202).end(), { ...unknown, code: 'invalid_response' }],
    ['content that is none', (_, a) => a.result({ content: ['text'] }), { ...unknown, code: 'invalid_response' }],
    ['no HTTP', (_, a) => void a.res.socket!.end('nonsense\r\n\r\n'), { ...unknown, code: 'invalid_response' }],
    [
      'nothing, and hangs up',
      (_, a) => void a.res.socket!.destroy(),
      { ...unknown, code: 'connection_failed', retryable: true },
    ],
    [
      'half an answer',
      (_, a) => void a.res.write('{', () => a.res.socket!.destroy()),
      { ...unknown, code: 'connection_failed' },
    ],
    [
      'half a refusal',
      (_, a) => void a.res.writeHead(400, { 'content-length': '9' }).write('{', () => a.res.socket!.destroy()),
      { ...refused, code: 'request_refused' },
    ],
    [
      'a refusal without end',
      (_, a) => void a.res.writeHead(503).write('x'.repeat(100_000)),
      { ...refused, code: 'server_error', retryable: true },
    ],
    ['nothing in time', () => undefined, { ...unknown, code: 'timeout', retryable: true }],
    [
      'more than 10 MiB',
      (_, a) => void a.res.end('"' + 'x'.repeat(11 * 2 ** 20)),
      { ...unknown, code: 'too_large', retryable: false },
    ],
    [
      'more than 64 KiB of headers',
      (_, a) => void a.res.writeHead(200, { x: 'x'.repeat(70_000) }).end(),
      { ...unknown, code: 'too_large' },
    ],
  ];

  it.each(cases)('%s', async (_, script, failure) => {
    await using server = await startScripted(onCall(script));
    await using client = createTestClient({
      timeouts: { callMs: 'code' in failure && failure.code === 'timeout' ? 300 : 10_000 },
      now: () => Date.UTC(2026, 0, 1),
    });
    await expect(pay(client, server.url)).rejects.toMatchObject(failure);
    expect(server.methods.filter((method) => method === 'tools/call')).toHaveLength(1);
  });
});

describe('a call that was never sent', () => {
  const notSent = { sent: false, outcomeUnknown: false };

  it('says so when nobody listens', async () => {
    const server = await startScripted(list);
    await server[Symbol.asyncDispose]();
    await using client = createTestClient();
    await expect(pay(client, server.url)).rejects.toMatchObject({
      ...notSent,
      code: 'connection_failed',
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('says so when the name is unknown', async () => {
    await using client = createTestClient({
      resolve: () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })),
    });
    await expect(pay(client, 'https://mcp.example/')).rejects.toMatchObject({ ...notSent, code: 'connection_failed' });
  });

  it('says so when no connection is there in time', async () => {
    await using client = createTestClient({
      timeouts: { connectMs: 100 },
      resolve: () => new Promise(() => undefined),
    });
    await expect(pay(client, 'http://mcp.example/')).rejects.toMatchObject({ ...notSent, code: 'connection_failed' });
  });

  it('says so when the server cannot be got to know in time', async () => {
    await using server = await startScripted(() => undefined);
    await using client = createTestClient({ timeouts: { listMs: 100 } });
    await expect(pay(client, server.url)).rejects.toMatchObject({ ...notSent, code: 'timeout', retryable: true });
    expect(server.methods).toEqual(['tools/list']);
  });

  it('says so when the server refuses the credential before', async () => {
    await using server = await startScripted((_, answer) => answer.json(401, UNAUTHORIZED));
    await using client = createTestClient();
    await expect(pay(client, server.url)).rejects.toMatchObject({
      ...notSent,
      code: 'credential_refused',
      message: `The MCP server at ${server.url} refused the credential (HTTP 401). Check the token configured for the skill.`,
    });
    expect(server.methods).toEqual(['tools/list']);
  });

  it('says so when a header cannot be sent, and names the header but not its value', async () => {
    await using client = createTestClient();
    const failed = pay(client, 'http://127.0.0.1/', { headers: { Authorization: 'Bearer a\nb' } });
    await expect(failed).rejects.toMatchObject({
      ...notSent,
      code: 'header_invalid',
      message: expect.stringContaining('"Authorization"') as string,
    });
  });

  it('says so when it was cancelled before, and leaves others that wait alone', async () => {
    let release: () => void = () => undefined;
    await using server = await startScripted(async (request, answer) => {
      if (request.rpc === 'tools/call') return answer.result({ content: [] });
      await new Promise<void>((resolve) => (release = resolve));
      answer.result(MODERN_LIST);
    });
    await using client = createTestClient();
    const controller = new AbortController();
    const cancelled = pay(client, server.url, { signal: controller.signal });
    const other = pay(client, server.url);
    await expect.poll(() => server.methods).toHaveLength(1);
    controller.abort(new Error('no more interest'));
    await expect(cancelled).rejects.toMatchObject({ ...notSent, code: 'cancelled', retryable: false });
    release();
    await expect(other).resolves.toEqual({ content: [], isError: false });
    expect(server.methods).toEqual(['tools/list', 'tools/call']);
  });
});

describe('a call that was sent', () => {
  it('may have run when it was cancelled', async () => {
    await using server = await startScripted(list);
    await using client = createTestClient();
    const controller = new AbortController();
    const cancelled = pay(client, server.url, { signal: controller.signal });
    await expect.poll(() => server.methods).toContain('tools/call');
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled', outcomeUnknown: true });
  });

  it('may have run when the client was disposed', async () => {
    await using server = await startScripted(list);
    const client = createTestClient();
    const failed = expect(pay(client, server.url)).rejects.toMatchObject({ outcomeUnknown: true });
    await expect.poll(() => server.methods).toContain('tools/call');
    await client[Symbol.asyncDispose]();
    await failed;
  });
});

describe('a large answer', () => {
  it('is taken up to its limits', async () => {
    const text = 'x'.repeat(9 * 2 ** 20);
    const script = onCall(({ body }, answer) => {
      const result = { content: [{ type: 'text', text }] };
      answer.json(200, { jsonrpc: '2.0', id: body!.id!, result }, { x: 'x'.repeat(60_000) });
    });
    await using server = await startScripted(script);
    await using client = createTestClient();
    expect((await pay(client, server.url)).content[0]!.text).toHaveLength(text.length);
  });
});

describe('a redirect', () => {
  it('is not followed, so that no token goes elsewhere', async () => {
    await using other = await startScripted(list);
    await using server = await startScripted((_, answer) => answer.json(308, {}, { location: other.url }));
    await using client = createTestClient();
    await expect(client.listTools({ url: server.url, headers: {} })).rejects.toMatchObject({
      code: 'redirect_refused',
    });
    expect(other.requests).toEqual([]);
  });
});
