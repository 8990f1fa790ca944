import type { MessageInitShape } from '@bufbuild/protobuf';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  SignatureScheme,
  WebhookSourceService,
  WebhookTokenService,
  type WebhookSignatureSchema,
} from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { createFixture, type Fixture } from './fixture.ts';
import { fresh, makeSource } from './resources.ts';

type Signature = MessageInitShape<typeof WebhookSignatureSchema>;

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
beforeEach(() => {
  delete fixture.faults.tokenService;
});
afterAll(() => fixture[Symbol.asyncDispose]());

const orgId = 'org_a';
const sources = (org = orgId) => fixture.as(org, WebhookSourceService);
const ingest = () => fixture.asService('ingest', 'token-service', WebhookTokenService);
const resolved = async (sourceId: string) => (await ingest().resolveSignedSource({ sourceId })).signature;
const notFound = { kind: 'not_found' };

const github = { scheme: SignatureScheme.GITHUB, secrets: ['canary secret', 'the next one'] };
const slack = { scheme: SignatureScheme.SLACK, secrets: ['8f742231b10e8888abcd99yyyzzz85a5'] };
const standardSecret = (bytes: number) => `whsec_${Buffer.alloc(bytes, 250).toString('base64')}`;

const make = async (signature: Signature) =>
  (await sources().createWebhookSource({ webhookSource: { name: fresh('source'), signature } })).webhookSource!;
const update = (id: string, signature: Signature | undefined, paths = ['signature']) =>
  sources().updateWebhookSource({ webhookSource: { id, ...(signature && { signature }) }, updateMask: { paths } });

describe('the signature of a webhook source', () => {
  it('is where events are checked, and answers how many secrets there are, never one', async () => {
    const created = await make(github);
    const expected = { scheme: SignatureScheme.GITHUB, secrets: [], secretCount: 2 };
    expect(created.signature).toMatchObject(expected);
    expect(await resolved(created.id)).toMatchObject(github);
    const { webhookSource } = await sources().getWebhookSource({ webhookSource: created.id });
    expect(webhookSource!.signature).toMatchObject(expected);
    const { webhookSources } = await sources().listWebhookSources({});
    expect(webhookSources.find(({ id }) => id === created.id)!.signature).toMatchObject(expected);
    const dump = await fixture.dump();
    for (const text of ['canary secret', Buffer.from('canary secret').toString('hex')])
      expect(dump).not.toContain(text);
  });

  it('is kept by an update of something else', async () => {
    const { id } = await make(github);
    const updated = await sources().updateWebhookSource({ webhookSource: { id, description: 'x' } });
    expect(updated.webhookSource).toMatchObject({ description: 'x', signature: { secretCount: 2 } });
    expect(await resolved(id)).toMatchObject(github);
  });

  it('is replaced as a whole, and removed by an update that names it and has none', async () => {
    const { id } = await make(github);
    const replaced = await sources().updateWebhookSource({ webhookSource: { id, signature: slack } });
    expect(replaced.webhookSource!.signature).toMatchObject({ scheme: SignatureScheme.SLACK, secretCount: 1 });
    expect(await resolved(id)).toMatchObject(slack);
    expect((await update(id, undefined)).webhookSource!.signature).toBeUndefined();
    await expect(resolved(id)).rejects.toMatchObject(notFound);
    expect((await update(id, github)).webhookSource!.signature).toMatchObject({ secretCount: 2 });
  });

  it('keeps its secrets when it is written back as it was read, with the count or without', async () => {
    const { id, signature } = await make(github);
    for (const written of [signature!, { scheme: SignatureScheme.GITHUB }]) {
      const { webhookSource } = await sources().updateWebhookSource({
        webhookSource: { id, description: 'new', signature: written },
        updateMask: { paths: ['description', 'signature'] },
      });
      expect(webhookSource).toMatchObject({ description: 'new', signature: { secretCount: 2 } });
      expect(await resolved(id)).toMatchObject(github);
    }
  });

  it('is not written without secrets when there are none of its scheme', async () => {
    const { id } = await make(github);
    const refused = { kind: 'invalid_argument', fields: [{ field: 'webhook_source.signature.secrets' }] };
    await expect(update(id, { scheme: SignatureScheme.STRIPE })).rejects.toMatchObject(refused);
    await expect(make({ scheme: SignatureScheme.GITHUB, secretCount: 2 })).rejects.toMatchObject(refused);
    expect(await resolved(id)).toMatchObject(github);
  });

  it('comes with the type of events that name none, wherever they are read', async () => {
    const webhookSource = { name: fresh('source'), signature: github, defaultEventType: 'billing/event' };
    const { id } = (await sources().createWebhookSource({ webhookSource })).webhookSource!;
    expect(await ingest().resolveSignedSource({ sourceId: id })).toMatchObject({ defaultEventType: 'billing/event' });
    const set = async (defaultEventType: string) => {
      const updateMask = { paths: ['default_event_type'] };
      const change = { webhookSource: { id, defaultEventType }, updateMask };
      return (await sources().updateWebhookSource(change)).webhookSource!.defaultEventType;
    };
    for (const type of ['invoice.paid', '']) {
      expect(await set(type)).toBe(type);
      expect(await ingest().resolveSignedSource({ sourceId: id })).toMatchObject({ defaultEventType: type });
    }
    const fields = [{ field: 'webhook_source.default_event_type' }];
    await expect(set('a b')).rejects.toMatchObject({ kind: 'invalid_argument', fields });
  });

  it('says what is missing when it is written without a scheme', async () => {
    const { id } = await make(github);
    const field = 'webhook_source.signature.scheme';
    const description = 'is required: one of standard_webhooks, github, stripe, slack';
    const refused = { kind: 'invalid_argument', fields: [{ field, description }] };
    await expect(update(id, { secrets: ['long enough'] })).rejects.toMatchObject(refused);
    await expect(make({ secrets: ['long enough'] })).rejects.toMatchObject(refused);
    expect(await resolved(id)).toMatchObject(github);
  });

  it.each([
    ['a scheme', { scheme: SignatureScheme.UNSPECIFIED, secrets: ['long enough'] }],
    ['a scheme that there is', { scheme: 9 as SignatureScheme, secrets: ['long enough'] }],
    ['secrets that are not short', { ...github, secrets: ['1234567'] }],
    ['secrets that are not long', { ...github, secrets: ['x'.repeat(1025)] }],
    ['at most ten secrets', { ...github, secrets: Array<string>(11).fill('long enough') }],
    ['no zero character', { ...github, secrets: ['long\0enough'] }],
  ])('needs %s', async (_, signature) => {
    await expect(make(signature)).rejects.toMatchObject({ kind: 'invalid_argument' });
  });

  it.each<[string, SignatureScheme, string[]]>([
    ['Standard Webhooks', SignatureScheme.STANDARD_WEBHOOKS, [24, 33, 64].map(standardSecret)],
    ['GitHub', SignatureScheme.GITHUB, ["It's a Secret to Everybody", 'pässwörd']],
    ['Stripe', SignatureScheme.STRIPE, ['whsec_4CkPHLYmh9IbrXW1zGTzhkyP40eFbiNO', 'whsec_test_secret']],
    ['Slack', SignatureScheme.SLACK, slack.secrets],
  ])('takes secrets as they are: %s', async (_, scheme, secrets) => {
    expect(await resolved((await make({ scheme, secrets })).id)).toMatchObject({ scheme, secrets });
  });

  it.each<[string, SignatureScheme, string[], string]>([
    [
      'Standard Webhooks',
      SignatureScheme.STANDARD_WEBHOOKS,
      [23, 65].map(standardSecret).concat(standardSecret(24).slice(6), 'whsec_not base64', `${standardSecret(25)}x`),
      '24 to 64 bytes',
    ],
    ['GitHub', SignatureScheme.GITHUB, [' a secret', 'a secret\n'], 'white space'],
    ['Stripe', SignatureScheme.STRIPE, ['sk_live_4eC39HqLyjWDarjtT1', 'whsec_a secret'], 'whsec_'],
    ['Slack', SignatureScheme.SLACK, ['xoxb-17653672481-19874698323', ` ${slack.secrets[0]}`], 'signing secret'],
  ])('refuses what cannot be a secret, says which, and does not quote it: %s', async (_, scheme, wrong, rule) => {
    const good = (await make(github)).id;
    const error: unknown = await update(good, { scheme, secrets: wrong }).catch((thrown: unknown) => thrown);
    const names = wrong.map((_secret, i) => `webhook_source.signature.secrets[${i}]`);
    expect(error).toMatchObject({ kind: 'invalid_argument', fields: names.map((field) => ({ field })) });
    const text = JSON.stringify([(error as AppError).message, (error as AppError).fields]);
    expect(text).toContain(rule);
    for (const secret of wrong) expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
  });

  it('is not written with a variable that nobody has replaced by its value', async () => {
    const secrets = ['a secret', 'sec-${GITHUB_SECRET}-ret'];
    await expect(make({ scheme: SignatureScheme.GITHUB, secrets })).rejects.toMatchObject({
      message: expect.not.stringContaining('sec-') as string,
      fields: [{ field: 'webhook_source.signature.secrets[1]' }],
    });
  });

  it('of another tenant is not reached', async () => {
    const { id } = await make(github);
    const foreign = sources('org_b').updateWebhookSource({ webhookSource: { id, signature: slack } });
    await expect(foreign).rejects.toMatchObject(notFound);
    expect(await resolved(id)).toMatchObject(github);
  });

  it('goes with its source', async () => {
    const { id } = await make(github);
    await sources().deleteWebhookSource({ webhookSource: id });
    await expect(resolved(id)).rejects.toMatchObject(notFound);
  });

  it('is not said to be there while token-service did not take it', async () => {
    const { id, name } = await makeSource(fixture, orgId, fresh('source'));
    fixture.faults.tokenService = new AppError('unavailable', 'unavailable', 'away');
    await expect(update(id, github)).rejects.toMatchObject({ kind: 'unavailable' });
    delete fixture.faults.tokenService;
    const { webhookSource } = await sources().getWebhookSource({ webhookSource: name });
    expect(webhookSource!.signature).toBeUndefined();
  });
});
