import { timestampDate, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SecurityAlertKind, TokenState, topics } from '@agent-platform/proto';
import { createFixture } from './fixture.ts';
import { tokenCalls } from './token-source.ts';

const HOUR_MS = 3_600_000;
const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 20_000 });
let fixture: Awaited<ReturnType<typeof createFixture>>;
/** Of two replicas. */
let replicas: ReturnType<typeof tokenCalls>[];
let calls: ReturnType<typeof tokenCalls>;

beforeAll(async () => {
  fixture = await createFixture();
  replicas = [tokenCalls(await fixture.start()), tokenCalls(await fixture.start())];
  calls = replicas[0]!;
});
afterAll(() => fixture[Symbol.asyncDispose]());
beforeEach(() => void (fixture.bus.published.length = 0));

describe('the last use of a token', () => {
  const startMs = Date.parse('2026-03-01T13:00:00Z');
  const atMinute = (minutes: number) => startMs + minutes * 60_000;

  async function setUp() {
    const source = await calls.newSource();
    const { id: tokenId } = await calls.issue(source);
    fixture.time.nowMs = Math.max(fixture.time.nowMs, atMinute(10));
    const use = (usedAtMs: number, orgId = source.orgId) => ({ orgId, tokenId, usedAt: timestampFromMs(usedAtMs) });
    const lastUsed = async () => {
      const { lastUsedAt } = (await calls.list(source)).get(tokenId)!;
      return lastUsedAt && timestampDate(lastUsedAt).getTime();
    };
    /** How often the row was written. */
    const writes = async () => {
      const { rows } = await fixture.pool.query<{ version: string }>(
        'select xmin::text as version from webhook_tokens where id = $1',
        [tokenId],
      );
      return rows[0]!.version;
    };
    return { use, lastUsed, writes };
  }

  it('is shown in the list, and absent before the first', async () => {
    const { use, lastUsed } = await setUp();
    expect(await lastUsed()).toBeUndefined();
    await calls.ingest.recordTokenUse({ uses: [use(atMinute(1.5))] });
    expect(await lastUsed()).toBe(atMinute(1.5));
  });

  it('is written at most once a minute, whichever replica reports it', async () => {
    const { use, lastUsed, writes } = await setUp();
    await calls.ingest.recordTokenUse({ uses: [use(atMinute(2))] });
    const before = await writes();
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        replicas[i % 2]!.ingest.recordTokenUse({ uses: [use(atMinute(2) + i * 2_900)] }),
      ),
    );
    expect(await writes()).toBe(before);
    await calls.ingest.recordTokenUse({ uses: [use(atMinute(3))] });
    expect(await lastUsed()).toBe(atMinute(3));
  });

  it('never goes back, and never into the future', async () => {
    const { use, lastUsed } = await setUp();
    await calls.ingest.recordTokenUse({ uses: [use(atMinute(5))] });
    await calls.ingest.recordTokenUse({ uses: [use(atMinute(1))] });
    expect(await lastUsed()).toBe(atMinute(5));
    await calls.ingest.recordTokenUse({ uses: [use(fixture.time.nowMs + HOUR_MS)] });
    expect(await lastUsed()).toBe(fixture.time.nowMs);
  });

  it('counts the latest of several in one report, and passes over what is gone or of another tenant', async () => {
    const { use, lastUsed } = await setUp();
    const gone = { ...use(atMinute(1)), tokenId: 'tok_gone' };
    await calls.ingest.recordTokenUse({ uses: [use(atMinute(4)), gone, use(atMinute(6)), use(atMinute(5))] });
    expect(await lastUsed()).toBe(atMinute(6));
    await calls.ingest.recordTokenUse({ uses: [use(atMinute(9), 'org_b')] });
    expect(await lastUsed()).toBe(atMinute(6));
  });

  it('is the latest of what many report at once, in whatever order they come to write it', async () => {
    const tokens = await Promise.all(Array.from({ length: 5 }, () => setUp()));
    const blocker = await fixture.pool.connect();
    await blocker.query('begin');
    await blocker.query('select 1 from webhook_tokens for no key update');
    const sent = Array.from({ length: 8 }, (_, i) => {
      const uses = tokens.map(({ use }) => use(atMinute(9 - i)));
      return replicas[i % 2]!.ingest.recordTokenUse({ uses: i % 3 ? uses : uses.toReversed() });
    });
    // All of them have read the rows as they were, and wait.
    const waiting = `select count(*)::int as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    await soon(async () => (await fixture.pool.query<{ n: number }>(waiting)).rows[0]!.n).toBe(8);
    await blocker.query('commit');
    blocker.release();
    await Promise.all(sent);
    for (const { lastUsed } of tokens) expect(await lastUsed()).toBe(atMinute(9));
  });
});

describe('a token with an end of its own', () => {
  it('ends by itself, is no rotation while it lives, and raises no alert after', async () => {
    const source = await calls.newSource();
    const expiresAtMs = fixture.time.nowMs + HOUR_MS;
    const { id, token } = await calls.issue(source, { expiresAtMs });
    const answer = await calls.ingest.verifyToken({ token });
    expect(answer).toMatchObject({ tokenId: id, expiresAt: timestampFromMs(expiresAtMs) });
    expect((await calls.list(source)).get(id)).toMatchObject({ state: TokenState.ACTIVE });
    fixture.time.nowMs = expiresAtMs;
    expect(await calls.refusal(token)).toBe('webhook_token_not_found');
    const listed = (await calls.list(source)).get(id)!;
    expect(listed.state).toBe(TokenState.EXPIRED);
    expect(listed.refusedAt).toBeUndefined();
  });

  it('is refused when that has passed', async () => {
    const source = await calls.newSource();
    await expect(calls.issue(source, { expiresAtMs: fixture.time.nowMs })).rejects.toMatchObject({
      kind: 'invalid_argument',
      code: 'invalid_request',
      fields: [{ field: 'expires_at' }],
    });
    expect(await calls.list(source)).toEqual(new Map());
  });

  it('keeps it through a rotation with a longer overlap', async () => {
    const source = await calls.newSource();
    const expiresAtMs = fixture.time.nowMs + HOUR_MS;
    const { id } = await calls.issue(source, { expiresAtMs });
    await calls.issue(source, { overlapMs: 24 * HOUR_MS });
    const listed = (await calls.list(source)).get(id)!;
    expect(listed).toMatchObject({ state: TokenState.EXPIRING, expiresAt: timestampFromMs(expiresAtMs) });
  });
});

describe('the use of a token that was ended', () => {
  const alertsOf = (tokenId: string) =>
    fixture.bus.messages(topics.securityAlerts).filter((alert) => alert.tokenId === tokenId);
  /** Every write that was begun is through. */
  const settle = (source: { orgId: string; sourceId: string }) => calls.list(source);

  it.each(['rotated', 'revoked'] as const)('raises one alert an hour, of all replicas (%s)', async (how) => {
    const source = await calls.newSource();
    const { id: tokenId, token } = await calls.issue(source);
    if (how === 'revoked') await calls.management.revokeToken({ ...source, tokenId });
    else await calls.issue(source, { overlapMs: 0 });

    const useIt = () =>
      Promise.all(Array.from({ length: 20 }, (_, i) => replicas[i % 2]!.refusal(token))).then(async (codes) => {
        expect(new Set(codes)).toEqual(new Set(['webhook_token_not_found']));
        await soon(() => alertsOf(tokenId).length).toBeGreaterThan(0);
        await settle(source);
      });
    await useIt();
    expect(alertsOf(tokenId)).toMatchObject([{ kind: SecurityAlertKind.ENDED_TOKEN_USED, ...source, tokenId }]);
    const firstMs = fixture.time.nowMs;
    const refusedAt = async () => timestampDate((await calls.list(source)).get(tokenId)!.refusedAt!).getTime();
    expect(await refusedAt()).toBe(firstMs);

    fixture.time.nowMs = firstMs + HOUR_MS - 1;
    await useIt();
    expect(alertsOf(tokenId)).toHaveLength(1);
    fixture.time.nowMs = firstMs + HOUR_MS;
    await useIt();
    await soon(() => alertsOf(tokenId).length).toBe(2);
    expect(await refusedAt()).toBe(firstMs + HOUR_MS);
  });

  it('revokes nothing', async () => {
    const source = await calls.newSource();
    const old = await calls.issue(source);
    const fresh = await calls.issue(source, { overlapMs: 0 });
    await calls.refusal(old.token);
    await soon(() => alertsOf(old.id).length).toBe(1);
    expect(await calls.refusal(fresh.token)).toBeUndefined();
    expect((await calls.list(source)).get(fresh.id)).toMatchObject({ state: TokenState.ACTIVE });
  });
});
