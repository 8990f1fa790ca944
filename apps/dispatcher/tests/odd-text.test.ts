import { RunStatus } from '@agent-platform/proto';
import { startModelServer } from '@agent-platform/testing';
import { describe, expect, it } from 'vitest';
import { configurationOf } from './support/configuration.ts';
import { createFixture, containing } from './support/fixture.ts';

describe('text that PostgreSQL or protobuf do not take as it is', () => {
  it.each([
    ['U+0000', '{"invoice_id":"a\\u0000b"}', 'a\0b'],
    ['half a surrogate pair', '{"invoice_id":"a\\ud800b"}', 'a\ud800b'],
    ['1 MiB', JSON.stringify({ invoice_id: 'ä'.repeat(500_000) }), 'ä'.repeat(500_000)],
  ])('goes through to the tool in a payload with %s, which is kept byte for byte', async (_name, payload, expected) => {
    await using fixture = await createFixture();
    fixture.mcp.onCall = (call) => ({ content: [{ type: 'text', text: call.arguments['id']! }] });
    const dispatcher = await fixture.start();
    const [eventId] = await dispatcher.deliver({ payload });
    const run = await fixture.finished(eventId!);
    expect(run.error?.message).toBeUndefined();
    expect(fixture.mcp.calls[0]!.arguments).toEqual({ id: expected });
    const { rows } = await fixture.pool.query<{ payload: string }>('select payload from events');
    expect(rows[0]!.payload === payload).toBe(true);
    const { event } = await fixture.events.getEvent({ event: eventId! });
    expect(event!.payload === payload).toBe(true);
    expect(run.steps[1]!.arguments === JSON.stringify({ id: expected })).toBe(true);
  });

  it('does no harm in an error of a tool', async () => {
    await using fixture = await createFixture();
    fixture.mcp.onCall = () => ({ isError: true, content: [{ type: 'text', text: 'a\0b\ud800' }] });
    const dispatcher = await fixture.start();
    const [eventId] = await dispatcher.deliver({});
    const run = await fixture.finished(eventId!);
    expect(run.error).toMatchObject({ code: 'tool_reported_error', message: containing('a\ufffdb\ufffd') });
  });

  it('does no harm in what a model says, or in the key of a sender', async () => {
    await using model = await startModelServer([{ text: 'a\0b' }]);
    const action = { case: 'promptTemplate' as const, value: 'Go.' };
    await using fixture = await createFixture(
      configurationOf({ trigger: { action }, agent: { model: 'openai/test' } }),
    );
    const models = { openai: { baseUrl: model.openaiUrl }, anthropic: {}, turnTimeoutMs: 5_000 };
    const dispatcher = await fixture.start({ config: { models } });
    const [eventId] = await dispatcher.deliver({ idempotencyKey: 'order\0 7' });
    const run = await fixture.finished(eventId!);
    expect(run).toMatchObject({ status: RunStatus.SUCCEEDED, output: 'a\ufffdb' });
    expect((await fixture.events.getEvent({ event: eventId! })).event!.idempotencyKey).toBe('order\ufffd 7');
  });
});
