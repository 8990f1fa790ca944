import { inspect } from 'node:util';
import type { Logger } from '@agent-platform/telemetry';
import { describe, expect, it } from 'vitest';
import { createTestClient, MODERN_LIST, pay, startScripted, type Script } from './scripted-server.ts';

const CANARY = 'sk-canary-4711';
const HEADERS = { Authorization: `Bearer ${CANARY}`, 'X-Api-Key': 'second-canary-0815' };

/** A server that shouts out every secret it hears. */
const echo = (req: Parameters<Script>[0]) =>
  `${req.headers.authorization} and ${String(req.headers['x-api-key'])}\u0007`;

describe('a secret of the skill', () => {
  const cases: [string, Script][] = [
    ['401', (r, a) => a.error(401, -32000, echo(r))],
    ['400', (r, a) => a.error(400, -32602, echo(r))],
    ['500', (r, a) => a.error(500, -32603, echo(r))],
    ['a JSON-RPC error', (r, a) => a.error(200, -32602, echo(r), echo(r))],
    [
      'a redirect',
      (r, a) => a.json(302, {}, { location: `https://example.com/?token=${encodeURIComponent(echo(r))}` }),
    ],
    ['no JSON', (r, a) => void a.res.end(echo(r))],
    ['no HTTP', (r, a) => void a.res.socket!.end(echo(r))],
    [
      'a broken stream',
      (r, a) => void a.res.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${echo(r)}\n\n`),
    ],
    ['a result that is none', (r, a) => a.result({ content: echo(r) })],
    ['a hang-up', (_, a) => void a.res.socket!.destroy()],
  ];

  it.each(cases)('is in no error and no log, though the server answers it: %s', async (_, script) => {
    const logged: unknown[] = [];
    const log = (...entry: unknown[]) => void logged.push(entry);
    const logger = { debug: log, info: log, warn: log, error: log } as unknown as Logger;
    await using server = await startScripted((request, answer) =>
      request.rpc === 'tools/list' ? answer.result(MODERN_LIST) : script(request, answer),
    );
    await using client = createTestClient({ logger });
    const failure: unknown = await pay(client, `${server.url}/?key=url-canary`, { headers: HEADERS }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(Error);
    const shown = inspect([failure, logged], { depth: 20, showHidden: true }) + JSON.stringify([failure, logged]);
    expect(shown).not.toMatch(/canary/);
    expect(server.requests[1]!.headers).toMatchObject({ authorization: `Bearer ${CANARY}` });
  });

  it('is cut out of a result, in which a header that is no credential is left as it was', async () => {
    const text = `${CANARY} of production-eu`;
    await using server = await startScripted((request, answer) =>
      answer.result(request.rpc === 'tools/list' ? MODERN_LIST : { content: [{ type: 'text', text }] }),
    );
    await using client = createTestClient();
    const result = await pay(client, server.url, { headers: { ...HEADERS, 'X-Tenant': 'production-eu' } });
    expect(result.content).toEqual([{ type: 'text', text: '[redacted] of production-eu' }]);
  });

  it('is cut out of what the server says, the rest of which is shown on one short line', async () => {
    await using server = await startScripted((request, answer) =>
      request.rpc === 'tools/list'
        ? answer.result(MODERN_LIST)
        : answer.error(200, -32602, `${echo(request)}\n${'x'.repeat(1_000)}`),
    );
    await using client = createTestClient();
    const failure = (await pay(client, server.url, { headers: HEADERS }).catch((error: unknown) => error)) as Error;
    expect(failure.message).toMatch(/error -32602: \[redacted\] and \[redacted\] x+…\.$/);
    expect(failure.message.length).toBeLessThan(650);
  });
});
