import { durationFromMs, timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TokenState, WebhookSourceService } from '@agent-platform/proto';
import { createFixture, type Fixture } from './fixture.ts';

const HOUR_MS = 3_600_000;
let fixture: Fixture;

beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

describe('a rotation', () => {
  it('can give the new token an end of its own', async () => {
    const sources = fixture.as('org_a', WebhookSourceService);
    await sources.createWebhookSource({ webhookSource: { name: 'ends' } });
    const expiresAt = timestampFromMs(Date.parse('2026-06-01T00:00:00Z'));
    const { webhookToken } = await sources.rotateWebhookToken({ webhookSource: 'ends', expiresAt });
    expect(webhookToken).toMatchObject({ state: TokenState.ACTIVE, expiresAt });
    const { tokens } = await sources.listWebhookTokens({ webhookSource: 'ends' });
    expect(tokens.map(({ state }) => state)).toEqual([TokenState.ACTIVE, TokenState.EXPIRING]);
    expect(tokens[0]!.expiresAt).toEqual(expiresAt);
  });

  it('to a token that would have ended already is refused, naming the field, and rotates nothing', async () => {
    const sources = fixture.as('org_a', WebhookSourceService);
    const { webhookSource } = await sources.createWebhookSource({ webhookSource: { name: 'ended' } });
    const expiresAt = timestampFromMs(timestampMs(webhookSource!.createdAt!) - HOUR_MS);
    const overlap = durationFromMs(0);
    await expect(sources.rotateWebhookToken({ webhookSource: 'ended', overlap, expiresAt })).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [{ field: 'expires_at' }],
    });
    const { tokens } = await sources.listWebhookTokens({ webhookSource: 'ended' });
    expect(tokens).toMatchObject([{ state: TokenState.ACTIVE }]);
  });
});
