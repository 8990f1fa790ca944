import { afterEach, describe, expect, it } from 'vitest';
import { Deduplication } from '@agent-platform/proto';
import { event, startIngest } from './fixtures.ts';

type Ingest = Awaited<ReturnType<typeof startIngest>>;
let ingest: Ingest;
afterEach(() => ingest[Symbol.asyncDispose]());

/** 50 requests at once: the distinct answers they got. */
async function answersOf50(send: (i: number) => ReturnType<Ingest['send']>): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => send(i)));
  for (const answer of answers) expect(answer.statusCode).toBe(202);
  return [...new Set(answers.map(({ body }) => body))];
}

function expectAllPublished(events: number): void {
  const published = ingest.bus.events();
  expect(published).toHaveLength(50);
  expect(new Set(published.map(({ eventId }) => eventId)).size).toBe(events);
  expect(new Set(published.map(({ deliveryId }) => deliveryId)).size).toBe(50);
}

describe('50 duplicates at once', () => {
  it('by Idempotency-Key get one answer, whatever else they say', async () => {
    ingest = await startIngest();
    const send = (i: number) => ingest.send(event({ payload: { i }, event_id: `${i}` }), { 'idempotency-key': 'k-1' });
    expect(await answersOf50(send)).toHaveLength(1);
    expectAllPublished(1);
    expect(ingest.bus.events()[0]).toMatchObject({ idempotencyKey: 'k-1', contentHash: new Uint8Array() });
  });

  it('by event_id get the answer that the same key in the header gets', async () => {
    ingest = await startIngest();
    const answers = await answersOf50((i) => ingest.send(event({ payload: { i }, event_id: 'k-1' })));
    expect(answers).toEqual([(await ingest.send(event(), { 'idempotency-key': '"k-1"' })).body]);
  });

  it('by content get one answer', async () => {
    ingest = await startIngest();
    expect(await answersOf50(() => ingest.send(event()))).toHaveLength(1);
    expectAllPublished(1);
    expect(ingest.bus.events()[0]?.contentHash).toHaveLength(32);
  });

  it('by content alone are 50 events where only keys count', async () => {
    ingest = await startIngest();
    const token = ingest.tokenService.issue({ deduplication: Deduplication.KEY });
    expect(await answersOf50(() => ingest.send(event(), { 'x-webhook-token': token }))).toHaveLength(50);
    expectAllPublished(50);
  });

  it('by key are one event where only keys count', async () => {
    ingest = await startIngest();
    const token = ingest.tokenService.issue({ deduplication: Deduplication.KEY });
    const send = () => ingest.send(event(), { 'x-webhook-token': token, 'idempotency-key': 'k' });
    expect(await answersOf50(send)).toHaveLength(1);
  });

  it('by key get the same answer from another replica', async () => {
    ingest = await startIngest();
    await using other = await startIngest();
    const [own] = await answersOf50(() => ingest.send(event({ event_id: 'k' })));
    other.clock.nowMs += 86_400_000;
    expect((await other.send(event({ event_id: 'k', payload: {} }))).body).toBe(own);
  });

  it('of other sources are other events', async () => {
    ingest = await startIngest();
    const tokens = Array.from({ length: 50 }, () => ingest.tokenService.issue());
    const send = (i: number) => ingest.send(event({ event_id: 'k' }), { 'x-webhook-token': tokens[i]! });
    expect(await answersOf50(send)).toHaveLength(50);
  });
});

describe('equal content', () => {
  it('at another time is another event, and at the same time the same', async () => {
    ingest = await startIngest();
    const times = ['2026-11-23T08:30:00Z', '2026-11-23T08:30:01Z', undefined, '2026-11-23T08:30:00Z', undefined];
    const ids = [];
    for (const at of times) ids.push((await ingest.send(event({ occurred_at: at }))).body);
    expect(new Set(ids).size).toBe(3);
    expect([ids[3], ids[4]]).toEqual([ids[0], ids[2]]);
  });

  it('across the edge of a bucket is one event, also when the first could not be stored', async () => {
    ingest = await startIngest();
    ingest.clock.nowMs = 6_000_000 * 300_000 - 1;
    ingest.bus.is = 'down';
    expect((await ingest.send(event())).statusCode).toBe(503);
    ingest.bus.is = 'up';
    const first = await ingest.send(event());
    ingest.clock.nowMs += 2;
    expect((await ingest.send(event())).body).toBe(first.body);
    ingest.clock.nowMs += 300_000;
    expect((await ingest.send(event())).body).not.toBe(first.body);
  });
});
