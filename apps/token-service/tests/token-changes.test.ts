import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deduplication, topics } from '@agent-platform/proto';
import { createMetrics } from '@agent-platform/telemetry';
import { createFixture } from './fixture.ts';
import { tokenCalls } from './token-source.ts';

const HOUR_MS = 3_600_000;
const metrics = createMetrics();
let fixture: Awaited<ReturnType<typeof createFixture>>;
let calls: ReturnType<typeof tokenCalls>;

beforeAll(async () => {
  fixture = await createFixture();
  calls = tokenCalls(await fixture.start({ metrics }));
});
afterAll(() => fixture[Symbol.asyncDispose]());
beforeEach(() => {
  fixture.bus.isDown = false;
  fixture.bus.published.length = 0;
});

/** What ingests are told of a source: the revoked token's id, or '' for any other change. */
const told = (sourceId: string) =>
  fixture.bus
    .messages(topics.webhookSourceChanges)
    .filter((change) => change.sourceId === sourceId)
    .map((change) => change.revokedTokenId);
const forget = () => (fixture.bus.published.length = 0);

describe('ingests are told', () => {
  it('when the settings of a source change', async () => {
    const source = await calls.newSource();
    forget();
    await calls.management.putSource({ ...source, deduplication: Deduplication.CONTENT });
    expect(fixture.bus.messages(topics.webhookSourceChanges)).toMatchObject([source]);
    expect(fixture.bus.published[0]!.message.key).toBe(source.sourceId);
  });

  it('which token was revoked, and again when it is revoked again', async () => {
    const source = await calls.newSource();
    const { id: tokenId } = await calls.issue(source);
    forget();
    await calls.management.revokeToken({ ...source, tokenId });
    await calls.management.revokeToken({ ...source, tokenId });
    expect(told(source.sourceId)).toEqual([tokenId, tokenId]);
  });

  it('when a rotation gives older tokens an end, and which of them end at once', async () => {
    const source = await calls.newSource();
    const old = await calls.issue(source);
    forget();
    await calls.issue(source, { overlapMs: HOUR_MS });
    expect(told(source.sourceId)).toEqual(['']);
    fixture.time.nowMs += HOUR_MS;
    forget();
    await calls.issue(source, { overlapMs: 0 });
    expect(told(source.sourceId)).toHaveLength(2);
    expect(told(source.sourceId)).not.toContain(old.id);
  });

  it('when a source is deleted, with its live tokens', async () => {
    const source = await calls.newSource();
    const [dead, live] = [await calls.issue(source), await calls.issue(source)];
    await calls.management.revokeToken({ ...source, tokenId: dead.id });
    forget();
    await calls.management.deleteSource(source);
    expect(told(source.sourceId)).toEqual(['', live.id]);
  });

  it('nothing when nothing was changed', async () => {
    const source = await calls.newSource();
    const { id: tokenId } = await calls.issue(source);
    forget();
    const foreign = { orgId: 'org_b', sourceId: source.sourceId };
    await expect(calls.management.putSource(foreign)).rejects.toMatchObject({ kind: 'not_found' });
    await expect(calls.management.revokeToken({ ...foreign, tokenId })).rejects.toMatchObject({ kind: 'not_found' });
    await calls.issue(source);
    expect(told(source.sourceId)).toEqual([]);
  });
});

describe('while the bus is away', () => {
  it('everything is answered as ever; what could not be told is counted', async () => {
    fixture.bus.isDown = true;
    const source = await calls.newSource();
    const { id: tokenId, token } = await calls.issue(source);
    await calls.management.revokeToken({ ...source, tokenId });
    expect(await calls.refusal(token)).toBe('webhook_token_not_found');
    await vi.waitFor(async () => {
      const { body } = await metrics.expose();
      expect(body).toContain('token_service_background_failures_total{work="source_change"} 2');
      expect(body).toContain('token_service_background_failures_total{work="security_alert"} 1');
    }, 20_000);
  });
});
