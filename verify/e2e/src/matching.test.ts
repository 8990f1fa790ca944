import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accepted, ended, processed, provision, runsOf, until, type Decision } from './fixture.ts';
import { inEachMode, type RunningPlatform } from './modes.ts';
import { startSeedServer } from './seed-server.ts';

/** Rounds that are played at once. */
const LANES = 4;

inEachMode('matching', (start, mode) => {
  const rounds = mode === 'one machine' ? 1_000 : 200;
  let platform: RunningPlatform;
  let server: Awaited<ReturnType<typeof startSeedServer>>;
  let token: string;
  beforeAll(async () => {
    platform = await start();
    server = await startSeedServer('sk');
    token = await provision(platform.api, {
      name: 'billing',
      mcpServerUrl: server.url,
      bearer: 'sk',
      toolCall: { tool: 'book', arguments: { id: '{{ .payload.id }}' } },
    });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await platform[Symbol.asyncDispose]();
  });

  it(`an event sent right after POST /api/v1/triggers returned matches, ${rounds} times of ${rounds}`, async () => {
    const missed: string[] = [];
    const play = async (round: number) => {
      const name = `round-${round}`;
      await platform.api.call('POST', '/triggers', {
        name,
        event_type: `event.${round}`,
        webhook_source: 'billing',
        agent_id: 'billing',
        tool_call: { tool: 'book', arguments: {} },
      });
      const eventId = await accepted(platform.url, token, { event_type: `event.${round}`, payload: { round } });
      const { decisions } = await processed(platform.api, eventId);
      if (!decisions.some(({ trigger, matched }) => trigger === name && matched)) missed.push(name);
      await platform.api.call('DELETE', `/triggers/${name}`);
    };
    let next = 0;
    const lane = async () => {
      while (next < rounds) await play(next++);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    expect(missed).toEqual([]);
  }, 900_000);

  it('an event nothing listens to says why for any trigger, also after that was changed and deleted', async () => {
    const listening = { webhook_source: 'billing', agent_id: 'billing', tool_call: { tool: 'book' } };
    const trigger = (await platform.api.call<{ id: string }>('POST', '/triggers', {
      name: 'other',
      event_type: 'invoice.sent',
      ...listening,
    }))!;
    const eventId = await accepted(platform.url, token, { event_type: 'invoice.paid', payload: {} });
    expect((await processed(platform.api, eventId)).decisions).toEqual([]);
    const reasonOf = async (reference: string) =>
      (await platform.api.call<Decision>('GET', `/events/${eventId}/decisions/${reference}`))!.reason;
    const reason = 'listens to invoice.sent, the event is invoice.paid';
    expect(await reasonOf('other')).toBe(reason);
    await platform.api.call('PATCH', '/triggers/other', { event_type: 'invoice.paid' });
    expect(await reasonOf('other')).toBe(reason);
    await platform.api.call('DELETE', '/triggers/other');
    expect(await reasonOf(trigger.id)).toBe(reason);
    expect(await runsOf(platform.api, eventId)).toEqual([]);
  });

  it('a deleted trigger never fires', async () => {
    const trigger = { event_type: 'gone', webhook_source: 'billing', agent_id: 'billing', tool_call: { tool: 'book' } };
    await platform.api.call('POST', '/triggers', { name: 'gone', ...trigger });
    await platform.api.call('DELETE', '/triggers/gone');
    const eventId = await accepted(platform.url, token, { event_type: 'gone', payload: {} });
    expect((await processed(platform.api, eventId)).decisions.filter(({ matched }) => matched)).toEqual([]);
  });

  it('a template field the event does not have is a warning on the run', async () => {
    const eventId = await accepted(platform.url, token, { event_type: 'invoice.uploaded', payload: { other: 1 } });
    const run = await ended(platform.api, eventId);
    expect(run.warnings.join()).toContain('.payload.id');
  });

  describe.each([
    ['Idempotency-Key', (n: number) => ({ body: { n }, headers: { 'idempotency-key': 'key-1' } })],
    ['event_id', (n: number) => ({ body: { n }, event_id: 'order-77' })],
    ['content', () => ({ body: { n: 'same' } })],
  ])('fifty requests at once with the same %s', (_, request) => {
    it('get one answer and start one run', async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_unused, n) => {
          const { body, headers, event_id } = request(n) as {
            body: object;
            headers?: Record<string, string>;
            event_id?: string;
          };
          return accepted(
            platform.url,
            token,
            { event_type: 'invoice.uploaded', payload: body, ...(event_id && { event_id }) },
            headers,
          );
        }),
      );
      expect(new Set(answers).size).toBe(1);
      const event = await until('the duplicates', async () => {
        const seen = await processed(platform.api, answers[0]!);
        return seen.duplicates.length === 49 && seen;
      });
      await ended(platform.api, event.id);
      expect(await runsOf(platform.api, event.id)).toHaveLength(1);
    });
  });
});
