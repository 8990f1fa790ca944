import { describe, expect, it } from 'vitest';
import {
  createTestClient,
  MODERN_LIST,
  pay,
  startScripted,
  type Script,
  type ScriptedAnswer,
} from './scripted-server.ts';

const RESULT = { resultType: 'complete', content: [{ type: 'text', text: 'Zoë 😀' }] };

/** Answers calls with a stream that `write` writes; `id` is the id of the call. */
function streaming(write: (answer: ScriptedAnswer, id: unknown) => void): Script {
  return ({ rpc, body }, answer) => {
    if (rpc === 'tools/list') return answer.result(MODERN_LIST);
    answer.res.writeHead(200, { 'content-type': 'Text/Event-Stream; charset=utf-8' });
    write(answer, body!.id);
  };
}

function event(message: object): string {
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}

describe('an answer as a stream of events', () => {
  it('is picked out from among everything else', async () => {
    const script = streaming(({ res }, id) => {
      res.write('\uFEFF: comment\nid: 1\nretry: 5\ndata:\n\n');
      res.write(event({ jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1 } }));
      res.write(event({ jsonrpc: '2.0', id, method: 'elicitation/create', params: {} }));
      res.write(event({ jsonrpc: '2.0', id: 'other', result: { content: [] } }));
      res.write(`event: ping\ndata: not json\n\n`);
      res.write(event([{ jsonrpc: '2.0', id, result: {} }]));
      res.end(event({ jsonrpc: '2.0', id, result: RESULT }));
    });
    await using server = await startScripted(script);
    await using client = createTestClient();
    expect(await pay(client, server.url)).toEqual({ content: RESULT.content, isError: false });
  });

  it('is read across chunks cut anywhere, with any line ends', async () => {
    const script = streaming(({ res }, id) => {
      const bytes = Buffer.from(event({ jsonrpc: '2.0', id, result: RESULT }).replaceAll('\n', '\r\n'));
      let at = 0;
      const timer = setInterval(() => {
        if (at < bytes.length) return void res.write(bytes.subarray(at, ++at));
        clearInterval(timer);
        res.end();
      }, 1);
    });
    await using server = await startScripted(script);
    await using client = createTestClient();
    expect(await pay(client, server.url)).toEqual({ content: RESULT.content, isError: false });
  });

  it('is enough, even if the stream never ends; the stream is then closed', async () => {
    let isClosed = false;
    const script = streaming(({ res }, id) => {
      res.on('close', () => (isClosed = true));
      res.write(event({ jsonrpc: '2.0', id, result: RESULT }));
    });
    await using server = await startScripted(script);
    await using client = createTestClient();
    expect(await pay(client, server.url)).toMatchObject({ isError: false });
    expect(isClosed).toBe(false);
    await expect.poll(() => isClosed, { timeout: 5_000 }).toBe(true);
  });

  it.each([
    [
      'ends without it',
      'connection_failed',
      ({ res }: ScriptedAnswer) => void res.end(event({ jsonrpc: '2.0', method: 'x' })),
    ],
    [
      'breaks',
      'connection_failed',
      ({ res }: ScriptedAnswer) => void res.write('data: {', () => res.socket!.destroy()),
    ],
    ['has an event that is no JSON', 'invalid_response', ({ res }: ScriptedAnswer) => void res.end('data: {\n\n')],
    ['is silent', 'timeout', () => undefined],
    [
      'chatters without end',
      'timeout',
      ({ res }: ScriptedAnswer) => {
        const timer = setInterval(() => res.write(': still here\n\n'), 5);
        res.on('close', () => clearInterval(timer));
      },
    ],
    [
      'pours without end',
      'too_large',
      ({ res }: ScriptedAnswer) => {
        const timer = setInterval(() => res.write(event({ method: 'x', padding: 'x'.repeat(2 ** 20) })), 1);
        res.on('close', () => clearInterval(timer));
      },
    ],
    [
      'is one line without end',
      'too_large',
      ({ res }: ScriptedAnswer) => {
        const timer = setInterval(() => res.write(`data: ${'x'.repeat(2 ** 20)}`), 1);
        res.on('close', () => clearInterval(timer));
      },
    ],
  ] satisfies [string, string, (answer: ScriptedAnswer) => void][])(
    'leaves the outcome unknown when the stream %s',
    async (_, code, write) => {
      await using server = await startScripted(streaming(write));
      await using client = createTestClient({ timeouts: { callMs: code === 'timeout' ? 300 : 10_000 } });
      await expect(pay(client, server.url)).rejects.toMatchObject({ code, outcomeUnknown: true });
    },
  );

  it('may be an error', async () => {
    const script = streaming(
      ({ res }, id) => void res.end(event({ jsonrpc: '2.0', id, error: { code: -32602, message: 'no' } })),
    );
    await using server = await startScripted(script);
    await using client = createTestClient();
    await expect(pay(client, server.url)).rejects.toMatchObject({ code: 'rpc_error', rpcCode: -32602, answered: true });
  });
});

describe('an answer with __proto__', () => {
  it('changes no prototype and is passed on as it is', async () => {
    const body = (id: unknown) =>
      `{"jsonrpc":"2.0","id":${String(id)},"__proto__":{"result":{}},"result":{"resultType":"complete","__proto__":{"isError":true},` +
      '"content":[{"type":"text","text":"x","__proto__":{"polluted":true}}],"structuredContent":{"__proto__":{"polluted":true}}}}';
    await using server = await startScripted(({ rpc, body: request }, answer) =>
      rpc === 'tools/list'
        ? answer.result(MODERN_LIST)
        : void answer.res.setHeader('content-type', 'application/json').end(body(request!.id)),
    );
    await using client = createTestClient();
    const result = await pay(client, server.url);
    expect(result.isError).toBe(false);
    expect(JSON.stringify(result.structuredContent)).toBe('{"__proto__":{"polluted":true}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
