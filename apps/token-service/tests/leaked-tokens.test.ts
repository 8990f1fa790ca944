import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateWebhookToken } from '@agent-platform/auth';
import { SecurityAlertKind, TokenState, topics } from '@agent-platform/proto';
import { generateVersionedKey } from '../src/index.ts';
import { createFixture } from './fixture.ts';
import { tokenCalls } from './token-source.ts';

let fixture: Awaited<ReturnType<typeof createFixture>>;
let calls: ReturnType<typeof tokenCalls>;

beforeAll(async () => {
  fixture = await createFixture();
  calls = tokenCalls(await fixture.start());
});
afterAll(() => fixture[Symbol.asyncDispose]());
beforeEach(() => void (fixture.bus.published.length = 0));

const url = 'https://github.com/octocat/Hello-World/blob/main/.env';
const report = (tokens: { token: string; url?: string }[]) =>
  calls.management.revokeLeakedTokens({ reporter: 'github', tokens });

describe('tokens that were found in public', () => {
  it('are revoked, of whichever tenant; what is not ours is said to be unknown', async () => {
    const sources = [await calls.newSource('org_a'), await calls.newSource('org_b')];
    const [a, b] = [await calls.issue(sources[0]!), await calls.issue(sources[1]!)];
    const bystander = await calls.issue(sources[0]!);
    const found = [a.token, 'some_token', generateWebhookToken(), b.token, `${b.token}x`, ''];
    const { known } = await report(found.map((token) => ({ token, url })));
    expect(known).toEqual([true, false, false, true, false, false]);
    for (const { token } of [a, b]) expect(await calls.refusal(token)).toBe('webhook_token_not_found');
    expect(await calls.refusal(bystander.token)).toBeUndefined();
    const listed = (await calls.list(sources[0]!)).get(a.id);
    expect(listed).toMatchObject({ state: TokenState.REVOKED, leakedAtUrl: url });
  });

  it('are told to the ingests and raised as an alert, with the place', async () => {
    const source = await calls.newSource();
    const { id: tokenId, token } = await calls.issue(source);
    fixture.bus.published.length = 0;
    await report([{ token, url }]);
    const alert = { kind: SecurityAlertKind.TOKEN_LEAKED, ...source, tokenId, url };
    expect(fixture.bus.messages(topics.securityAlerts)).toMatchObject([alert]);
    expect(fixture.bus.messages(topics.webhookSourceChanges)).toMatchObject([{ ...source, revokedTokenId: tokenId }]);
  });

  it('reported again keep the first time and place, and alert nobody twice', async () => {
    const source = await calls.newSource();
    const { id, token } = await calls.issue(source);
    await report([{ token, url: '' }]);
    const first = (await calls.list(source)).get(id);
    fixture.time.nowMs += 1_000;
    expect(await report([{ token, url }, { token }])).toMatchObject({ known: [true, true] });
    expect((await calls.list(source)).get(id)).toEqual(first);
    expect(fixture.bus.messages(topics.securityAlerts)).toHaveLength(1);
  });

  it('that had ended anyway are known, and the leak is written down', async () => {
    const source = await calls.newSource();
    const { id: tokenId, token } = await calls.issue(source);
    const { webhookToken } = await calls.management.revokeToken({ ...source, tokenId });
    fixture.time.nowMs += 1_000;
    expect(await report([{ token, url }])).toMatchObject({ known: [true] });
    const listed = (await calls.list(source)).get(tokenId);
    expect(listed).toMatchObject({ leakedAtUrl: url, revokedAt: webhookToken!.revokedAt });
  });

  it('are found under an older pepper too', async () => {
    const source = await calls.newSource();
    const { token } = await calls.issue(source);
    const next = generateVersionedKey().replace('1:', '2:');
    const rotated = tokenCalls(await fixture.start({ peppers: `${next},${fixture.keys.peppers}` }));
    const answer = await rotated.management.revokeLeakedTokens({ reporter: 'github', tokens: [{ token }] });
    expect(answer.known).toEqual([true]);
  });

  it('come by the thousand, with places that no database takes', async () => {
    const source = await calls.newSource();
    const { id, token } = await calls.issue(source);
    const others = Array.from({ length: 999 }, () => ({ token: generateWebhookToken(), url }));
    const { known } = await report([...others, { token, url: `https://x.example/\0${'x'.repeat(10_000)}` }]);
    expect(known.filter(Boolean)).toHaveLength(1);
    expect(known[999]).toBe(true);
    expect((await calls.list(source)).get(id)!.leakedAtUrl).toHaveLength(2_000);
  });
});
