import { durationFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  Deduplication,
  SignatureScheme,
  TokenState,
  WebhookSourceService,
  WebhookTokenService,
} from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { createFixture, type Fixture } from './fixture.ts';
import { fresh, makeSource, methodsOf, resources } from './resources.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
beforeEach(() => {
  delete fixture.faults.tokenService;
  delete fixture.faults.isDeaf;
});
afterAll(() => fixture[Symbol.asyncDispose]());

const orgId = 'org_a';
const DAY_MS = 86_400_000;
const sources = () => fixture.as(orgId, WebhookSourceService);
const verify = (token = '') => fixture.asService('ingest', 'token-service', WebhookTokenService).verifyToken({ token });

describe('a webhook source', () => {
  it('is created with a token that works, shown once and stored nowhere', async () => {
    const source = await makeSource(fixture, orgId, fresh('source'));
    expect(source.token).toMatch(/^whk_[0-9A-Za-z]{36}$/);
    expect(source.deduplication).toBe(Deduplication.CONTENT);
    expect(await verify(source.token)).toMatchObject({
      orgId,
      sourceId: source.id,
      deduplication: Deduplication.CONTENT,
      rateLimitPerSecond: 0,
    });
    expect((await sources().getWebhookSource({ webhookSource: source.id })).webhookSource!.token).toBeUndefined();
    expect((await sources().listWebhookSources({})).webhookSources.every(({ token }) => token === undefined)).toBe(
      true,
    );
    const updated = await sources().updateWebhookSource({ webhookSource: { id: source.id, description: 'x' } });
    expect(updated.webhookSource!.token).toBeUndefined();
    const dump = await fixture.dump();
    expect(dump).toContain(source.id);
    expect(dump).not.toContain(source.token);
    expect(dump).not.toContain(Buffer.from(source.token!).toString('hex'));
  });

  it('has its settings where tokens are verified', async () => {
    const source = await makeSource(fixture, orgId, fresh('source'));
    const settings = { deduplication: Deduplication.KEY, rateLimitPerSecond: 25 };
    await sources().updateWebhookSource({ webhookSource: { id: source.id, ...settings } });
    expect(await verify(source.token)).toMatchObject(settings);
    const paths = ['deduplication', 'rate_limit_per_second'];
    await sources().updateWebhookSource({ webhookSource: { id: source.id }, updateMask: { paths } });
    const defaults = { deduplication: Deduplication.CONTENT, rateLimitPerSecond: 0 };
    expect(await verify(source.token)).toMatchObject(defaults);
  });

  it('repeats by content or by key, and in no other way', async () => {
    const webhookSource = { name: fresh('source'), deduplication: 3 as Deduplication };
    const refused = { kind: 'invalid_argument', fields: [{ field: 'webhook_source.deduplication' }] };
    await expect(sources().createWebhookSource({ webhookSource })).rejects.toMatchObject(refused);
  });

  it('shows the limit in force, wherever it is answered; written back it is still none of its own', async () => {
    const name = fresh('source');
    const source = await makeSource(fixture, orgId, name);
    const read = (await sources().getWebhookSource({ webhookSource: name })).webhookSource!;
    const listed = (await sources().listWebhookSources({ pageSize: 1000 })).webhookSources;
    const changed = await sources().updateWebhookSource({ webhookSource: { ...read, description: 'new' } });
    const all = [source, read, changed.webhookSource!, listed.find(({ id }) => id === source.id)!];
    expect(all.map(({ rateLimitPerSecond }) => rateLimitPerSecond)).toEqual([1_000, 1_000, 1_000, 1_000]);
    expect(await verify(source.token)).toMatchObject({ rateLimitPerSecond: 0 });
    const webhookSource = { id: source.id, rateLimitPerSecond: 5 };
    const limited = await sources().updateWebhookSource({ webhookSource });
    expect(limited.webhookSource!.rateLimitPerSecond).toBe(5);
    const back = await sources().updateWebhookSource({
      webhookSource: { id: source.id, rateLimitPerSecond: 0 },
      updateMask: { paths: ['rate_limit_per_second'] },
    });
    expect(back.webhookSource!.rateLimitPerSecond).toBe(1_000);
    expect(await verify(source.token)).toMatchObject({ rateLimitPerSecond: 0 });
  });

  it('takes its tokens along when it is deleted', async () => {
    const source = await makeSource(fixture, orgId, fresh('source'));
    await sources().deleteWebhookSource({ webhookSource: source.name });
    await expect(verify(source.token)).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('is not deleted while triggers listen to it, and they are named', async () => {
    const resource = resources.find(({ type }) => type === 'Trigger')!;
    const triggers = methodsOf(resource, fixture.as(orgId, resource.service));
    const values = await resource.values(fixture, orgId);
    const name = fresh('trigger');
    await triggers.create({ ...values, name });
    const webhookSource = values['webhookSource'] as string;
    await expect(sources().deleteWebhookSource({ webhookSource })).rejects.toMatchObject({
      kind: 'failed_precondition',
      code: 'webhook_source_in_use',
      message: `The webhook source "${webhookSource}" is used by triggers "${name}"; change or delete them first.`,
    });
    await triggers.delete(name);
    await sources().deleteWebhookSource({ webhookSource });
  });

  it('is not created while token-service is away; a change is saved, and said to be in force only later', async () => {
    const source = await makeSource(fixture, orgId, fresh('source'));
    fixture.faults.tokenService = new AppError('unavailable', 'unavailable', 'away');
    const name = fresh('source');
    const unavailable = { kind: 'unavailable' };
    await expect(makeSource(fixture, orgId, name)).rejects.toMatchObject(unavailable);
    await expect(sources().getWebhookSource({ webhookSource: name })).rejects.toMatchObject({ kind: 'not_found' });
    const webhookSource = { id: source.id, rateLimitPerSecond: 5 };
    fixture.faults.isDeaf = true;
    const notInForce = { kind: 'unavailable', code: 'not_in_force_yet' };
    await expect(sources().updateWebhookSource({ webhookSource })).rejects.toMatchObject(notInForce);
    const signature = { scheme: SignatureScheme.GITHUB, secrets: ['It is a secret to everybody'] };
    const signed = { webhookSource: { id: source.id, signature } };
    await expect(sources().updateWebhookSource(signed)).rejects.toMatchObject(unavailable);
    const read = await sources().getWebhookSource({ webhookSource: source.id });
    expect(read.webhookSource).toMatchObject({ rateLimitPerSecond: 5 });
    expect(read.webhookSource!.signature).toBeUndefined();
    expect(await verify(source.token)).toMatchObject({ rateLimitPerSecond: 0 });
    delete fixture.faults.tokenService;
    fixture.passMs(60_000);
    await vi.waitFor(async () => expect(await verify(source.token)).toMatchObject({ rateLimitPerSecond: 5 }), 10_000);
    fixture.faults.tokenService = new AppError('unavailable', 'unavailable', 'away');
    await expect(sources().deleteWebhookSource({ webhookSource: source.id })).rejects.toMatchObject(notInForce);
    delete fixture.faults.tokenService;
    fixture.passMs(60_000);
    await vi.waitFor(() => expect(verify(source.token)).rejects.toMatchObject({ kind: 'not_found' }), 10_000);
  });
});

describe('tokens of a webhook source', () => {
  const list = async (webhookSource: string) => (await sources().listWebhookTokens({ webhookSource })).tokens;

  it.each([
    ['24 hours, unless it says otherwise', undefined, DAY_MS],
    ['as long as it says', 7 * DAY_MS, 7 * DAY_MS],
  ])('live on after a rotation for %s', async (_, overlapMs, expectedMs) => {
    const source = await makeSource(fixture, orgId, fresh('source'));
    const overlap = overlapMs === undefined ? {} : { overlap: durationFromMs(overlapMs) };
    const { webhookToken } = await sources().rotateWebhookToken({ webhookSource: source.name, ...overlap });
    expect(await verify(webhookToken!.token)).toMatchObject({ sourceId: source.id });
    const [fresher, older] = await list(source.id);
    expect([fresher!.token, older!.token]).toEqual([undefined, undefined]);
    expect(fresher).toMatchObject({ id: webhookToken!.id, state: TokenState.ACTIVE });
    expect(older).toMatchObject({ state: TokenState.EXPIRING, hint: `whk_…${source.token!.slice(-4)}` });
    expect(timestampMs(older!.expiresAt!) - timestampMs(fresher!.createdAt!)).toBe(expectedMs);
    await verify(source.token);
  });

  it('end at once when rotated with no overlap', async () => {
    const source = await makeSource(fixture, orgId, fresh('source'));
    const overlap = durationFromMs(0);
    const { webhookToken } = await sources().rotateWebhookToken({ webhookSource: source.id, overlap });
    await expect(verify(source.token)).rejects.toMatchObject({ kind: 'not_found' });
    await verify(webhookToken!.token);
  });

  it.each([-1, 7 * DAY_MS + 1])('are not rotated with an overlap of %d ms', async (overlapMs) => {
    const source = await makeSource(fixture, orgId, fresh('source'));
    const rotation = sources().rotateWebhookToken({ webhookSource: source.id, overlap: durationFromMs(overlapMs) });
    await expect(rotation).rejects.toMatchObject({ kind: 'invalid_argument', fields: [{ field: 'overlap' }] });
    expect(await list(source.id)).toHaveLength(1);
  });

  it('are revoked by id, and revoking again changes nothing', async () => {
    const source = await makeSource(fixture, orgId, fresh('source'));
    const [{ id: token } = { id: '' }] = await list(source.id);
    const first = await sources().revokeWebhookToken({ webhookSource: source.name, token });
    expect(first.webhookToken).toMatchObject({ id: token, state: TokenState.REVOKED });
    await expect(verify(source.token)).rejects.toMatchObject({ kind: 'not_found' });
    const again = await sources().revokeWebhookToken({ webhookSource: source.id, token });
    const { revokedAt, state } = first.webhookToken!;
    expect(again.webhookToken).toMatchObject({ id: token, state, revokedAt });
  });

  it('are not revoked through another source', async () => {
    const [source, other] = [
      await makeSource(fixture, orgId, fresh('source')),
      await makeSource(fixture, orgId, fresh('source')),
    ];
    const [{ id: token } = { id: '' }] = await list(source.id);
    const revocation = sources().revokeWebhookToken({ webhookSource: other.id, token });
    await expect(revocation).rejects.toMatchObject({ kind: 'not_found', code: 'webhook_token_not_found' });
    await verify(source.token);
  });
});
