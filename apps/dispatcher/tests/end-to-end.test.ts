import { openBus } from '@agent-platform/event-bus';
import { createMcpClient } from '@agent-platform/mcp-client';
import { LOOPBACK_ADDRESSES } from '@agent-platform/outbound';
import { RunStatus, StepKind, topics, WebhookEventSchema } from '@agent-platform/proto';
import { newId } from '@agent-platform/ids';
import { createLogger } from '@agent-platform/telemetry';
import { createTestDatabase, startBareServer } from '@agent-platform/testing';
import { toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { configurationOf } from './support/configuration.ts';
import { webhookEvent, type SentEvent } from './support/events.ts';
import { createFixture, testConfig } from './support/fixture.ts';

const logger = createLogger({ level: 'silent', service: 'test' });
const TOKEN = 'sk-the-right-token';
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** A dispatcher on a real bus, and the server of the authentication document. */
async function setUp() {
  await using resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  const bus = resources.use(await openBus({ url: database.url, clientId: 'test', logger }));
  const mcp = resources.use(createMcpClient({ allowedAddresses: LOOPBACK_ADDRESSES, logger }));
  const server = resources.use(
    await startBareServer({
      token: TOKEN,
      tools: {
        save: {
          description: 'Saves an invoice.',
          inputSchema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
          run: ({ id }) => `saved ${JSON.stringify(id)}`,
        },
      },
    }),
  );
  const fixture = resources.use(await createFixture(configurationOf({ skill: { mcpServerUrl: server.url } })));
  fixture.credential = { Authorization: `Bearer ${TOKEN}` };
  // Time for every call to end: none is cut off, and so none is unknown.
  const workers = { ...testConfig.workers, drainMs: 10_000 };
  const start = () => fixture.start({ deps: { bus, mcp }, config: { workers } });
  const publish = (...events: SentEvent[]) =>
    bus.publish(
      topics.webhookEvents,
      events.map((event) => {
        const message = webhookEvent(event);
        return { key: message.sourceId, value: toBinary(WebhookEventSchema, message), headers: { traceparent } };
      }),
    );
  const owned = resources.move();
  return { fixture, server, start, publish, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

describe('from the bus to a server that knows tools/list and tools/call only', () => {
  it('an event becomes one call, with credential, idempotency key and trace', async () => {
    await using t = await setUp();
    await t.start();
    const id = newId('evt');
    await t.publish({ id });
    const run = await t.fixture.finished(id);
    expect(run.error?.message).toBeUndefined();
    expect(run.status).toBe(RunStatus.SUCCEEDED);
    expect(run.steps.map(({ kind }) => kind)).toEqual([StepKind.TOOLS_LIST, StepKind.TOOL_CALL]);
    const calls = t.server.requests.filter(({ body }) => body?.['method'] === 'tools/call');
    expect(calls).toMatchObject([
      {
        headers: { authorization: `Bearer ${TOKEN}`, 'idempotency-key': `${run.id}:call`, traceparent },
        body: { params: { name: 'save', arguments: { id: 'inv-1' } } },
      },
    ]);
  });

  it('with the wrong token the run fails at once, says so, and nothing is tried again', async () => {
    await using t = await setUp();
    t.fixture.credential = { Authorization: 'Bearer sk-the-wrong-token' };
    await t.start();
    const id = newId('evt');
    await t.publish({ id });
    const run = await t.fixture.finished(id);
    expect(run).toMatchObject({ status: RunStatus.FAILED, attempts: 1, error: { code: 'credential_refused' } });
    expect(run.error!.message).toMatch(/skill invoices.*refused the credential/i);
    expect(run.error!.message).not.toContain('sk-the-wrong-token');
    expect(t.server.requests).toHaveLength(1);
  });

  it('events published while no dispatcher runs, and events cut off by a stop, all get their run', async () => {
    await using t = await setUp();
    const events = Array.from({ length: 200 }, () => ({ id: newId('evt') }));
    await t.publish(...events.slice(0, 100));
    const first = await t.start();
    await t.publish(...events.slice(100));
    await first[Symbol.asyncDispose]();
    await t.start();
    const statuses = async () =>
      (await t.fixture.pool.query('select status, count(*)::int as runs from runs group by status')).rows as unknown;
    await expect.poll(statuses, { timeout: 20_000 }).toEqual([{ status: 'succeeded', runs: 200 }]);
    const keys = t.server.requests.flatMap(({ headers }) => headers['idempotency-key'] ?? []);
    expect(new Set(keys).size).toBe(200);
    expect(keys).toHaveLength(200);
  });
});
