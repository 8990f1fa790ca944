import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeId } from '@agent-platform/ids';
import { parseRfc3339 } from '../body/rfc3339.ts';
import { createIdentifyEvent } from './event-id.ts';

const WINDOW_MS = 300_000;
const EDGE_MS = 5_666_667 * WINDOW_MS;
const byContent = { sourceId: 'src_a', deduplicatesContent: true };
const byKeyOnly = { sourceId: 'src_a', deduplicatesContent: false };

const sent = (fields: { eventType?: string; payload?: string; idempotencyKey?: string; at?: string } = {}) => ({
  eventType: fields.eventType ?? 'invoice.uploaded',
  payload: Buffer.from(fields.payload ?? '{"n":1}'),
  idempotencyKey: fields.idempotencyKey,
  occurredAt: fields.at === undefined ? undefined : { text: fields.at, instant: parseRfc3339(fields.at)! },
});

function replica(nowMs = EDGE_MS) {
  const clock = { nowMs };
  return { clock, identify: createIdentifyEvent(() => clock.nowMs) };
}

describe('event ids', () => {
  it('come from source and key alone: any replica, any time, any content', () => {
    const keyed = sent({ idempotencyKey: 'order-7' });
    const digest = createHash('sha256').update('src_a\0keyorder-7').digest().subarray(0, 16);
    const id = encodeId('evt', digest);
    expect(replica().identify(byContent, keyed).eventId).toBe(id);
    const changed = sent({ idempotencyKey: 'order-7', payload: '{}', at: '2026-11-23T08:30:00Z' });
    expect(replica(EDGE_MS * 2).identify(byKeyOnly, changed).eventId).toBe(id);
    expect(replica().identify({ ...byContent, sourceId: 'src_b' }, keyed).eventId).not.toBe(id);
  });

  it('name the content only where the content decided', () => {
    const { identify } = replica();
    expect(identify(byContent, sent()).contentHash).toEqual(
      createHash('sha256').update('invoice.uploaded\0{"n":1}').digest(),
    );
    expect(identify(byContent, sent({ idempotencyKey: 'k' })).contentHash).toBeUndefined();
    expect(identify(byKeyOnly, sent()).contentHash).toBeUndefined();
  });

  it('are fresh without a key where the content does not count', () => {
    const { identify } = replica();
    const ids = Array.from({ length: 100 }, () => identify(byKeyOnly, sent()).eventId);
    expect(new Set(ids).size).toBe(100);
  });

  it('differ by source, type, time and payload', () => {
    const { identify } = replica();
    const ids = [
      identify(byContent, sent()),
      identify({ ...byContent, sourceId: 'src_b' }, sent()),
      identify(byContent, sent({ eventType: 'invoice.paid' })),
      identify(byContent, sent({ payload: '{"n": 1}' })),
      identify(byContent, sent({ at: '2026-11-23T08:30:00Z' })),
      identify(byContent, sent({ at: '2026-11-23T08:30:01Z' })),
    ].map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(6);
    expect(identify(byContent, sent({ at: '2026-11-23T08:30:00Z' })).eventId).toBe(ids[4]);
  });

  it('of the same content are the same on replicas that share nothing', () => {
    expect(replica(EDGE_MS + 1_000).identify(byContent, sent()).eventId).toBe(
      replica(EDGE_MS + 299_000).identify(byContent, sent()).eventId,
    );
  });

  it('are not split by the edge of a bucket', () => {
    const { clock, identify } = replica(EDGE_MS - 1);
    const first = identify(byContent, sent()).eventId;
    clock.nowMs = EDGE_MS;
    expect(identify(byContent, sent()).eventId).toBe(first);
    clock.nowMs = EDGE_MS + WINDOW_MS - 2;
    expect(identify(byContent, sent()).eventId).toBe(first);
  });

  it('count five minutes from the first, not from the last repetition', () => {
    const { clock, identify } = replica(EDGE_MS + 1_000);
    const first = identify(byContent, sent()).eventId;
    clock.nowMs += WINDOW_MS - 1;
    expect(identify(byContent, sent()).eventId).toBe(first);
    clock.nowMs += 1;
    const second = identify(byContent, sent()).eventId;
    expect(second).not.toBe(first);
    clock.nowMs += WINDOW_MS - 1;
    expect(identify(byContent, sent()).eventId).toBe(second);
  });
});
