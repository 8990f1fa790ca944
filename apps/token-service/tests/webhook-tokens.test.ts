import { durationFromMs, timestampDate } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { generateWebhookToken } from '@agent-platform/auth';
import { Deduplication, TokenState, WebhookTokenService } from '@agent-platform/proto';
import { newId } from '@agent-platform/ids';
import { generateVersionedKey } from '../src/index.ts';
import { pruneTokens } from '../src/tokens/prune-tokens.ts';
import { createFixture, spellings } from './fixture.ts';

const HOUR_MS = 3_600_000;
let fixture: Awaited<ReturnType<typeof createFixture>>;
let service: Awaited<ReturnType<typeof fixture.start>>;

beforeAll(async () => {
  fixture = await createFixture();
  service = await fixture.start();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const management = () => service.as('management-api', WebhookTokenService);
const ingest = () => service.as('ingest', WebhookTokenService);

async function newSource(orgId = 'org_a') {
  const source = { orgId, sourceId: newId('src') };
  await management().putSource({ ...source, deduplication: Deduplication.KEY, rateLimitPerSecond: 7 });
  return source;
}

async function issue(source: { orgId: string; sourceId: string }, overlapMs?: number) {
  const overlap = overlapMs === undefined ? {} : { overlap: durationFromMs(overlapMs) };
  const { webhookToken } = await management().issueToken({ ...source, ...overlap });
  return { ...webhookToken!, token: webhookToken!.token! };
}

const verify = (token: string) => ingest().verifyToken({ token });
const list = async (source: { orgId: string; sourceId: string }) => (await management().listTokens(source)).tokens;
const isRefused = { kind: 'not_found', code: 'webhook_token_not_found' };

describe('webhook tokens', () => {
  it('verify as their source, with its settings as they are now', async () => {
    const source = await newSource();
    const { token } = await issue(source);
    expect(await verify(token)).toMatchObject({
      ...source,
      deduplication: Deduplication.KEY,
      rateLimitPerSecond: 7,
    });
    await management().putSource({ ...source, deduplication: Deduplication.CONTENT, rateLimitPerSecond: 0 });
    expect(await verify(token)).toMatchObject({ deduplication: Deduplication.CONTENT, rateLimitPerSecond: 0 });
  });

  it('are refused with one answer, whatever the reason', async () => {
    const source = await newSource();
    const [revoked, expired] = [await issue(source), await issue(source)];
    await management().revokeToken({ ...source, tokenId: revoked.id });
    await issue(source, 0);
    const answers = await Promise.all(
      ['', 'whk_abc123def456', generateWebhookToken(), revoked.token, expired.token].map((token) =>
        verify(token).catch((error: Error) => error.message),
      ),
    );
    expect(new Set(answers)).toEqual(new Set(['The webhook token is unknown, expired or revoked.']));
  });

  it('are shown by the answer that issued them, never again and nowhere else', async () => {
    const source = await newSource();
    const first = await issue(source);
    const { token } = await issue(source, HOUR_MS);
    await management().revokeToken({ ...source, tokenId: first.id });
    expect(first.hint).toBe(`whk_…${first.token.slice(-4)}`);
    expect((await list(source)).map((listed) => listed.token)).toEqual([undefined, undefined]);
    const dump = await fixture.dump();
    expect(dump).toContain(source.sourceId);
    for (const text of [...spellings(token), ...spellings(first.token.slice(4, 34))]) expect(dump).not.toContain(text);
  });

  it('are at most ten live ones for a source; what has ended leaves room', async () => {
    const source = await newSource();
    const week = 7 * 24 * HOUR_MS;
    for (let i = 0; i < 9; i++) await issue(source, week);
    const last = await issue(source);
    await expect(issue(source, week)).rejects.toMatchObject({
      kind: 'failed_precondition',
      code: 'too_many_tokens',
      message: expect.stringContaining('10 live tokens') as string,
    });
    expect((await list(source)).filter(({ state }) => state === TokenState.EXPIRING)).toHaveLength(8);
    await verify(last.token);
    await management().revokeToken({ ...source, tokenId: last.id });
    await issue(source);
    await issue(source, 0);
    expect((await list(source)).filter(({ state }) => state === TokenState.ACTIVE)).toHaveLength(1);
    await issue(await newSource());
  });

  it('are listed in pages, newest first, that neither skip nor repeat', async () => {
    const source = await newSource();
    const issued: string[] = [];
    for (let i = 0; i < 5; i++) {
      fixture.time.nowMs += 1;
      issued.unshift((await issue(source)).id);
    }
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await management().listTokens({ ...source, pageSize: 2, pageToken });
      expect(page.tokens.length).toBeLessThanOrEqual(2);
      seen.push(...page.tokens.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(seen).toEqual(issued);
    await expect(management().listTokens({ ...source, pageToken: 'x' })).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [{ field: 'page_token' }],
    });
  });

  it('are forgotten 90 days after they ended and were last tried', async () => {
    const DAY_MS = 24 * HOUR_MS;
    const source = await newSource();
    const [revoked, live, tried] = [await issue(source), await issue(source), await issue(source)];
    for (const { id } of [revoked, tried]) await management().revokeToken({ ...source, tokenId: id });
    fixture.time.nowMs += 30 * DAY_MS;
    await verify(tried.token).catch(() => undefined);
    await vi.waitFor(async () => expect((await list(source)).some(({ refusedAt }) => refusedAt)).toBe(true));
    const pruneAfter = async (days: number) => {
      fixture.time.nowMs += days * DAY_MS;
      await pruneTokens(fixture.pool, fixture.time.nowMs, new AbortController().signal);
      return (await list(source)).map(({ id }) => id).sort();
    };
    expect(await pruneAfter(59)).toEqual([revoked.id, live.id, tried.id].sort());
    expect(await pruneAfter(2)).toEqual([live.id, tried.id].sort());
    expect(await pruneAfter(60)).toEqual([live.id]);
    await verify(live.token);
  });

  it('live on beside a token issued without overlap', async () => {
    const source = await newSource();
    const tokens = [await issue(source), await issue(source)];
    for (const { token } of tokens) await verify(token);
    expect((await list(source)).map(({ state }) => state)).toEqual([TokenState.ACTIVE, TokenState.ACTIVE]);
  });

  it('end after the overlap of a rotation, to the millisecond', async () => {
    const source = await newSource();
    const old = await issue(source);
    const startMs = ++fixture.time.nowMs;
    const fresh = await issue(source, HOUR_MS);
    const answer = await verify(old.token);
    expect(timestampDate(answer.expiresAt!)).toEqual(new Date(startMs + HOUR_MS));
    expect((await verify(fresh.token)).expiresAt).toBeUndefined();

    fixture.time.nowMs = startMs + HOUR_MS - 1;
    await verify(old.token);
    expect((await list(source)).map(({ state }) => state)).toEqual([TokenState.ACTIVE, TokenState.EXPIRING]);
    fixture.time.nowMs = startMs + HOUR_MS;
    await expect(verify(old.token)).rejects.toMatchObject(isRefused);
    expect((await list(source)).map(({ state }) => state)).toEqual([TokenState.ACTIVE, TokenState.EXPIRED]);
    await verify(fresh.token);
  });

  it('end at once with an overlap of zero', async () => {
    const source = await newSource();
    const old = await issue(source);
    const fresh = await issue(source, 0);
    await expect(verify(old.token)).rejects.toMatchObject(isRefused);
    await verify(fresh.token);
  });

  it('keep an end that comes sooner than the overlap', async () => {
    const source = await newSource();
    const oldest = await issue(source);
    await issue(source, HOUR_MS);
    const end = (await verify(oldest.token)).expiresAt;
    await issue(source, 24 * HOUR_MS);
    expect((await verify(oldest.token)).expiresAt).toEqual(end);
    await issue(source, HOUR_MS / 2);
    expect(timestampDate((await verify(oldest.token)).expiresAt!).getTime()).toBe(fixture.time.nowMs + HOUR_MS / 2);
  });

  it('leave exactly one without an end when rotations come at once', async () => {
    const source = await newSource();
    await Promise.all(Array.from({ length: 8 }, () => issue(source, HOUR_MS)));
    const states = (await list(source)).map(({ state }) => state);
    expect(states.filter((state) => state === TokenState.ACTIVE)).toHaveLength(1);
    expect(states.filter((state) => state === TokenState.EXPIRING)).toHaveLength(7);
  });

  it('are revoked once: revoking again keeps the first time', async () => {
    const source = await newSource();
    const { id, token } = await issue(source);
    const first = await management().revokeToken({ ...source, tokenId: id });
    expect(first.webhookToken!.token).toBeUndefined();
    expect(first.webhookToken).toMatchObject({ id, state: TokenState.REVOKED });
    await expect(verify(token)).rejects.toMatchObject(isRefused);
    fixture.time.nowMs += 1_000;
    const { webhookToken } = await management().revokeToken({ ...source, tokenId: id });
    expect(webhookToken!.revokedAt).toEqual(first.webhookToken!.revokedAt);
  });

  it('are listed newest first', async () => {
    const source = await newSource();
    const issued: string[] = [];
    for (let i = 0; i < 4; i++) {
      fixture.time.nowMs += 1;
      issued.unshift((await issue(source)).id);
    }
    expect((await list(source)).map(({ id }) => id)).toEqual(issued);
  });

  it('are gone with their source, and deleting it twice is no error', async () => {
    const source = await newSource();
    const { token } = await issue(source);
    await management().deleteSource(source);
    await management().deleteSource(source);
    await expect(verify(token)).rejects.toMatchObject(isRefused);
    await expect(issue(source)).rejects.toMatchObject({ kind: 'not_found', code: 'webhook_source_not_found' });
    await expect(list(source)).rejects.toMatchObject({ kind: 'not_found' });
  });
});

describe('peppers', () => {
  it('can be changed while tokens of the older one keep working', async () => {
    const source = await newSource();
    const old = await issue(source);
    const next = generateVersionedKey().replace('1:', '2:');
    const known = await fixture.start({ peppers: `${fixture.keys.peppers},${next}` });
    const rotated = await fixture.start({ peppers: `${next},${fixture.keys.peppers}` });
    const forgetful = await fixture.start({ peppers: next });

    const issued = await rotated.as('management-api', WebhookTokenService).issueToken(source);
    const fresh = issued.webhookToken!.token!;
    for (const replica of [known, rotated]) {
      for (const token of [old.token, fresh]) await replica.as('ingest', WebhookTokenService).verifyToken({ token });
    }
    const alone = forgetful.as('ingest', WebhookTokenService);
    await alone.verifyToken({ token: fresh });
    await expect(alone.verifyToken({ token: old.token })).rejects.toMatchObject(isRefused);
    await expect(verify(fresh)).rejects.toMatchObject(isRefused);
    const versions = await fixture.pool.query(
      'select pepper_version from webhook_tokens where source_id = $1 order by 1',
      [source.sourceId],
    );
    expect(versions.rows).toEqual([{ pepper_version: 1 }, { pepper_version: 2 }]);
  });
});

describe('sources of another tenant', () => {
  it('are not found, and stay as they are', async () => {
    const source = await newSource('org_a');
    const { id, token } = await issue(source);
    const foreign = { orgId: 'org_b', sourceId: source.sourceId };
    const settings = { deduplication: Deduplication.CONTENT, rateLimitPerSecond: 1 };
    const notFound = { kind: 'not_found' };
    await expect(management().putSource({ ...foreign, ...settings })).rejects.toMatchObject(notFound);
    await expect(issue(foreign)).rejects.toMatchObject(notFound);
    await expect(issue(foreign, 0)).rejects.toMatchObject(notFound);
    await expect(list(foreign)).rejects.toMatchObject(notFound);
    await expect(management().revokeToken({ ...foreign, tokenId: id })).rejects.toMatchObject(notFound);
    const own = await newSource('org_b');
    await expect(management().revokeToken({ ...own, tokenId: id })).rejects.toMatchObject(notFound);
    await management().deleteSource(foreign);
    expect(await verify(token)).toMatchObject({ ...source, rateLimitPerSecond: 7 });
  });
});
