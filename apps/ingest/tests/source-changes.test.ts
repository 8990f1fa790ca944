import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { topics, WebhookSourceChangeSchema } from '@agent-platform/proto';
import { event, startIngest } from './fixtures.ts';

let ingest: Awaited<ReturnType<typeof startIngest>>;
beforeEach(async () => {
  ingest = await startIngest();
});
afterEach(() => ingest[Symbol.asyncDispose]());

/** What token-service publishes. */
function tell(change: { sourceId: string; revokedTokenId?: string }): void {
  const value = toBinary(WebhookSourceChangeSchema, create(WebhookSourceChangeSchema, { orgId: 'org_a', ...change }));
  ingest.bus.followed[0]!.onMessage({ key: change.sourceId, value, headers: {}, partition: 0, offset: 0n });
}

const statusOf = async (token: string) => (await ingest.send(event(), { 'x-webhook-token': token })).statusCode;

describe('ingest', () => {
  it('follows the changes of sources until it stops', async () => {
    expect(ingest.bus.followed.map(({ topic }) => topic)).toEqual([topics.webhookSourceChanges]);
    await ingest.service[Symbol.asyncDispose]();
    expect(ingest.bus.followed).toEqual([]);
  });

  it('refuses a token from the moment it is told of its revocation, also while nobody can be asked', async () => {
    const [revoked, live] = [
      ingest.tokenService.issue({ sourceId: 'src_a', tokenId: 'tok_revoked' }),
      ingest.tokenService.issue({ sourceId: 'src_a', tokenId: 'tok_live' }),
    ];
    for (const token of [revoked, live]) expect(await statusOf(token)).toBe(202);
    ingest.tokenService.state = 'down';
    tell({ sourceId: 'src_a', revokedTokenId: 'tok_revoked' });
    expect(await statusOf(revoked)).toBe(401);
    expect(await statusOf(live)).toBe(202);
  });

  it('asks again for what it may have missed', async () => {
    const token = ingest.tokenService.issue();
    expect(await statusOf(token)).toBe(202);
    ingest.tokenService.revoke(token);
    expect(await statusOf(token)).toBe(202);
    ingest.bus.followed[0]!.onGap();
    expect(await statusOf(token)).toBe(401);
  });

  it('reports at its stop when tokens were last used; refused ones were not', async () => {
    const [used, revoked] = [
      ingest.tokenService.issue({ tokenId: 'tok_used' }),
      ingest.tokenService.issue({ tokenId: 'tok_revoked' }),
    ];
    ingest.tokenService.revoke(revoked);
    for (const token of [used, revoked]) await statusOf(token);
    ingest.clock.nowMs += 1_000;
    await statusOf(used);
    await ingest.service[Symbol.asyncDispose]();
    expect(ingest.tokenService.reported).toEqual([{ tok_used: ingest.clock.nowMs }]);
  });
});
