import { LOOPBACK_ADDRESSES } from '@agent-platform/outbound';
import { createLogger } from '@agent-platform/telemetry';
import { startBareServer, type HttpServer, type RecordedRequest } from '@agent-platform/testing';
import { describe, expect, it } from 'vitest';
import { createMcpClient, type McpClient } from '../src/index.ts';
import { startEverything, startV1Stateful, startV1Stateless, startV2 } from './official-servers.ts';

interface Case {
  readonly name: string;
  readonly start: () => Promise<HttpServer & { readonly requests: readonly RecordedRequest[] }>;
  /** What a first list and a first call ask, in order; later ones ask once. */
  readonly firstList: readonly string[];
  readonly firstCall: readonly string[];
}

const HANDSHAKE = ['tools/list', 'initialize', 'notifications/initialized'];

const CASES: readonly Case[] = [
  {
    name: 'a bare server',
    start: () =>
      startBareServer({
        token: 'right',
        tools: { echo: { description: '', run: (args) => `Echo: ${args.message as string}` } },
      }),
    firstList: ['tools/list'],
    firstCall: ['tools/list', 'tools/call'],
  },
  {
    name: 'the official SDK 1 with sessions',
    start: startV1Stateful,
    firstList: [...HANDSHAKE, 'tools/list'],
    firstCall: [...HANDSHAKE, 'tools/call'],
  },
  {
    name: 'the official SDK 1 without sessions',
    start: startV1Stateless,
    firstList: [...HANDSHAKE, 'tools/list'],
    firstCall: [...HANDSHAKE, 'tools/call'],
  },
  {
    name: 'the official SDK 2, both eras',
    start: () => startV2('stateless'),
    firstList: ['tools/list'],
    firstCall: ['tools/list', 'tools/call'],
  },
  {
    name: 'the official SDK 2, modern only',
    start: () => startV2('reject'),
    firstList: ['tools/list'],
    firstCall: ['tools/list', 'tools/call'],
  },
  {
    name: 'server-everything',
    start: startEverything,
    firstList: [...HANDSHAKE, 'tools/list'],
    firstCall: [...HANDSHAKE, 'tools/call'],
  },
];

describe.each(CASES)('$name', ({ start, firstList, firstCall }) => {
  const echo = (client: McpClient, url: string, message: string) =>
    client.callTool(
      { url, headers: { Authorization: 'Bearer right' } },
      { name: 'echo', arguments: JSON.stringify({ message }), idempotencyKey: 'key-1' },
    );
  const create = () =>
    createMcpClient({
      allowedAddresses: LOOPBACK_ADDRESSES,
      logger: createLogger({ level: 'silent', service: 'test' }),
    });
  const methods = (server: { requests: readonly RecordedRequest[] }) => server.requests.map(({ body }) => body?.method);

  it('lists its tools, and asks once when it is known', async () => {
    await using server = await start();
    await using client = create();
    const target = { url: server.url, headers: { Authorization: 'Bearer right' } };
    const tools = await client.listTools(target);
    expect(tools.map(({ name }) => name)).toContain('echo');
    expect(methods(server)).toEqual(firstList);

    expect(await client.listTools(target)).toEqual(tools);
    expect(methods(server)).toEqual([...firstList, 'tools/list']);
  });

  it('runs a tool, and asks once when it is known', async () => {
    await using server = await start();
    await using client = create();
    expect(await echo(client, server.url, 'hällo')).toEqual({
      content: [{ type: 'text', text: 'Echo: hällo' }],
      isError: false,
    });
    expect(methods(server)).toEqual(firstCall);

    expect(await echo(client, server.url, 'again')).toMatchObject({ content: [{ text: 'Echo: again' }] });
    expect(methods(server)).toEqual([...firstCall, 'tools/call']);
  });

  it('is got to know once by many who ask at the same time', async () => {
    await using server = await start();
    await using client = create();
    const messages = Array.from({ length: 20 }, (_, i) => `m${i}`);
    const results = await Promise.all(messages.map((message) => echo(client, server.url, message)));
    expect(results.map(({ content }) => content[0]?.text)).toEqual(messages.map((message) => `Echo: ${message}`));
    expect(server.requests).toHaveLength(firstCall.length - 1 + messages.length);
  });
});
