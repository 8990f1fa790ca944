import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, provision, send, startPlatform, until } from './fixture.ts';

/** How deep a payload may nest, itself included: body and payload are the first two levels. */
const DEPTH = 62;
const nested = (depth: number) => '{"a":'.repeat(depth) + '1.0' + '}'.repeat(depth);

/** The JSON of a member, as it stands in the text. */
function memberOf(json: string, name: string): string {
  const start = json.indexOf(`"${name}":`) + name.length + 3;
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    if (json[at] === '"') at += /^"(?:[^"\\]|\\.)*/.exec(json.slice(at))![0].length;
    else if ('{['.includes(json[at]!)) depth++;
    else if ('}]'.includes(json[at]!) && --depth < 0) return json.slice(start, at);
    else if (json[at] === ',' && depth === 0) return json.slice(start, at);
  }
  return json.slice(start);
}

/** A server whose tool answers the very text of the arguments it was sent. */
async function startEcho() {
  const calls: string[] = [];
  const answer = (body: string): string => {
    const { id, method } = JSON.parse(body) as { id: number; method: string };
    let result = '{"tools":[{"name":"echo","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}]}';
    if (method === 'tools/call') {
      const sent = memberOf(body, 'arguments');
      calls.push(sent);
      result = `{"content":[{"type":"text","text":"ok"}],"structuredContent":${sent}}`;
    }
    return `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
  };
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    void textOf(request).then((body) => response.end(answer(body)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  return { url, calls, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

const CONSTANT = '{"big":12345678901234567890,"one":1.0,"huge":1e400,"text":"{{ .payload.v }}!"}';

describe('data is shown and passed on as it was sent', () => {
  let platform: Awaited<ReturnType<typeof startPlatform>>;
  let echo: Awaited<ReturnType<typeof startEcho>>;
  let token: string;
  let bearer: string;

  beforeAll(async () => {
    [platform, echo] = [await startPlatform(), await startEcho()];
    token = await provision(platform.api, {
      name: 'echo',
      mcpServerUrl: echo.url,
      toolCall: { tool: 'echo', arguments: { value: '{{ .payload.v }}' } },
    });
    const credentials = { client_id: 'dev', client_secret: 'dev-secret', grant_type: 'client_credentials' };
    const answer = await fetch(`${platform.url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...credentials, audience: 'https://agent-platform.example.com' }),
    });
    bearer = `Bearer ${((await answer.json()) as { access_token: string }).access_token}`;
    const body = `{"tool_call":{"tool":"echo","arguments":{"value":"{{ .payload.v }}","constant":${CONSTANT}}}}`;
    const changed = await raw('PATCH', '/triggers/echo', body);
    expect(memberOf(changed, 'constant')).toBe(CONSTANT);
  });
  afterAll(async () => {
    await platform[Symbol.asyncDispose]();
    await echo[Symbol.asyncDispose]();
  });

  async function raw(method: string, path: string, body?: string): Promise<string> {
    const headers = { authorization: bearer, ...(body && { 'content-type': 'application/json' }) };
    const answer = await fetch(`${platform.url}/api/v1${path}`, { method, headers, ...(body && { body }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
    return text;
  }

  const numbers: [string, string, string][] = [
    '9007199254740991',
    '9007199254740993',
    '123456789012345678901234567890',
    '0.123456789012345678901234567890',
    '123456789.123456789123456789',
    '1e400',
    '-0',
    '1.10',
  ].map((number) => [number, number, `${number}!`]);

  it.each<[string, string, string]>([
    ...numbers,
    [String.raw`"\ud800"`, String.raw`"\ud800"`, String.raw`\ud800!`],
    [String.raw`"\u0000"`, String.raw`"\u0000"`, String.raw`\u0000!`],
    ['"\u2028"', '"\u2028"', '\u2028!'],
    ['1, "v" : 2.0', '2.0', '2.0!'],
    ['{"":{"":1.0}}', '{"":{"":1.0}}', String.raw`{\"\":{\"\":1.0}}!`],
    ['{"b":1,"a":2,"b":3}', '{"b":3,"a":2}', String.raw`{\"b\":3,\"a\":2}!`],
    [nested(DEPTH - 1), nested(DEPTH - 1), `${nested(DEPTH - 1).replaceAll('"', String.raw`\"`)}!`],
  ])('%s', async (value, passedOn, inText) => {
    const payload = `{ "v" : ${value} }`;
    const answer = await send(platform.url, token, `{"event_type":"invoice.uploaded","payload":${payload}}`, {
      'idempotency-key': value.slice(0, 100).replace(/[^\x21-\x7e]/g, '?'),
    });
    const { event_id: eventId } = (await answer.json()) as { event_id: string };
    expect(answer.status).toBe(202);
    const run = await ended(platform.api, eventId);
    expect([run.status, run.error]).toEqual(['succeeded', undefined]);

    expect(memberOf(await raw('GET', `/events/${eventId}`), 'payload')).toBe(payload);
    const sent = echo.calls.at(-1)!;
    expect(memberOf(sent, 'value')).toBe(passedOn);
    expect(memberOf(sent, 'constant')).toBe(CONSTANT.replace('{{ .payload.v }}!', () => inText));
    const shown = await raw('GET', `/runs/${run.id}`);
    expect(memberOf(shown, 'arguments')).toBe(sent);
    expect(memberOf(shown, 'structuredContent')).toBe(sent);

    await raw('POST', `/events/${eventId}:replay`, '{}');
    await until('the replay', () =>
      Promise.resolve(echo.calls.length > 0 && echo.calls.filter((one) => one === sent).length > 1),
    );
  });
});
