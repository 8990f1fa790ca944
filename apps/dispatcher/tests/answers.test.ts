import { readFile } from 'node:fs/promises';
import { createMcpClient } from '@agent-platform/mcp-client';
import { LOOPBACK_ADDRESSES } from '@agent-platform/outbound';
import { RunStatus } from '@agent-platform/proto';
import { createLogger } from '@agent-platform/telemetry';
import { startHttpServer } from '@agent-platform/testing';
import { json } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { configurationOf } from './support/configuration.ts';
import { createFixture } from './support/fixture.ts';

const logger = createLogger({ level: 'silent', service: 'test' });

interface Message {
  readonly id: number;
  readonly method: string;
}

/** Answers the first call with a status, or hangs up, and each one after it well. */
async function startServer(first: number | 'hangs up', annotations: object) {
  let calls = 0;
  const server = await startHttpServer((req, res) => {
    void (async () => {
      const { id, method } = (await json(req)) as Message;
      const reply = (result: object) =>
        void res
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      const tools = [{ name: 'save', inputSchema: { type: 'object' }, annotations }];
      if (method === 'tools/list') return reply({ resultType: 'complete', tools });
      calls += 1;
      if (calls > 1) return reply({ resultType: 'complete', content: [{ type: 'text', text: 'done' }] });
      if (first === 'hangs up') return void res.socket!.destroy();
      res.writeHead(first, { 'content-type': 'application/json' }).end('{}');
    })();
  });
  return { ...server, calls: () => calls };
}

const { SUCCEEDED, FAILED, OUTCOME_UNKNOWN } = RunStatus;
const unknown = [500, 501, 502, 504, 505, 520, 521, 522, 523, 524, 525, 526, 527, 599, 'hangs up'] as const;

/** What the first call gets; how the run ends, and after how many calls, if the tool may be repeated and if not. */
type Row = [number | 'hangs up', [RunStatus, number], [RunStatus, number]];
const rows: Row[] = [
  ...([429, 503] as const).map((status): Row => [status, [SUCCEEDED, 2], [SUCCEEDED, 2]]),
  ...unknown.map((answer): Row => [answer, [SUCCEEDED, 2], [OUTCOME_UNKNOWN, 1]]),
  ...([401, 403, 409, 422] as const).map((status): Row => [status, [FAILED, 1], [FAILED, 1]]),
];

describe('a call that is answered', () => {
  it.each(rows)('%s', async (first, repeatable, notRepeatable) => {
    for (const [annotations, expected] of [
      [{ idempotentHint: true }, repeatable],
      [{}, notRepeatable],
    ] as const) {
      await using server = await startServer(first, annotations);
      await using mcp = createMcpClient({ allowedAddresses: LOOPBACK_ADDRESSES, logger });
      await using fixture = await createFixture(configurationOf({ skill: { mcpServerUrl: server.url } }));
      const dispatcher = await fixture.start({ deps: { mcp } });
      const [eventId] = await dispatcher.deliver({});
      const { status } = await fixture.finished(eventId!);
      expect([status, server.calls()]).toEqual(expected);
    }
  });

  it('is documented so', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const cells = readme.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    const outcomesOf = (text: string) => cells.find((row) => row[1]?.includes(text))?.slice(2, 4);
    expect(outcomesOf('429, 503')).toEqual(['made again', 'made again']);
    expect(outcomesOf('500, 502, 504, 520–527 and any other 5xx')).toEqual(['made again', '`outcome_unknown`']);
    expect(outcomesOf('no answer: crash')).toEqual(['made again', '`outcome_unknown`']);
  });
});
