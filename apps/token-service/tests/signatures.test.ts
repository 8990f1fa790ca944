import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deduplication, SignatureScheme, topics, WebhookTokenService } from '@agent-platform/proto';
import { newId } from '@agent-platform/ids';
import { createFixture, spellings } from './fixture.ts';

let fixture: Awaited<ReturnType<typeof createFixture>>;
let service: Awaited<ReturnType<typeof fixture.start>>;

beforeAll(async () => {
  fixture = await createFixture();
  service = await fixture.start();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const management = () => service.as('management-api', WebhookTokenService);
const ingest = () => service.as('ingest', WebhookTokenService);
const signature = { scheme: SignatureScheme.GITHUB, secrets: ['canary-signing-secret', 'the next one'] };

async function newSource(orgId = 'org_a') {
  const source = { orgId, sourceId: newId('src') };
  await management().putSource({ ...source, deduplication: Deduplication.KEY, rateLimitPerSecond: 7 });
  return source;
}

describe('the signature of a source', () => {
  it('is answered to ingest with the settings of the source, by id and by token', async () => {
    const { orgId, sourceId } = await newSource();
    await management().putSignature({ orgId, sourceId, signature });
    const settings = { orgId, deduplication: Deduplication.KEY, rateLimitPerSecond: 7, signature };
    expect(await ingest().resolveSignedSource({ sourceId })).toMatchObject(settings);
    const defaultEventType = 'invoice.paid';
    await management().putSource({ ...settings, sourceId, defaultEventType });
    expect(await ingest().resolveSignedSource({ sourceId })).toMatchObject({ ...settings, defaultEventType });
    const { webhookToken } = await management().issueToken({ orgId, sourceId });
    expect(await ingest().verifyToken({ token: webhookToken!.token! })).toMatchObject({ sourceId, ...settings });
  });

  it('is replaced as a whole, and gone when there is to be none', async () => {
    const source = await newSource();
    const { webhookToken } = await management().issueToken(source);
    await management().putSignature({ ...source, signature });
    const next = { scheme: SignatureScheme.SLACK, secrets: ['another'] };
    for (let i = 0; i < 2; i++) await management().putSignature({ ...source, signature: next });
    expect((await ingest().resolveSignedSource(source)).signature).toMatchObject(next);
    for (let i = 0; i < 2; i++) await management().putSignature(source);
    await expect(ingest().resolveSignedSource(source)).rejects.toMatchObject({ kind: 'not_found' });
    expect((await ingest().verifyToken({ token: webhookToken!.token! })).signature).toBeUndefined();
  });

  it('is neither given to nor taken from a source of another tenant, nor one that is not there', async () => {
    const source = await newSource();
    const foreign = { ...source, orgId: 'org_b' };
    await expect(management().putSignature({ ...foreign, signature })).rejects.toMatchObject({ kind: 'not_found' });
    await expect(ingest().resolveSignedSource(source)).rejects.toMatchObject({ kind: 'not_found' });
    await management().putSignature({ ...source, signature });
    await expect(management().putSignature(foreign)).rejects.toMatchObject({ kind: 'not_found' });
    expect((await ingest().resolveSignedSource(source)).signature).toMatchObject(signature);
    const nowhere = { orgId: 'org_a', sourceId: newId('src'), signature };
    await expect(management().putSignature(nowhere)).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('goes with its source, secrets and all', async () => {
    const source = await newSource();
    await management().putSignature({ ...source, signature });
    const secrets = () =>
      fixture.pool.query('select 1 from sealed_secrets where owner_id = $1', [source.sourceId]).then((r) => r.rowCount);
    expect(await secrets()).toBe(1);
    await management().deleteSource(source);
    expect(await secrets()).toBe(0);
    await expect(ingest().resolveSignedSource(source)).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('stands nowhere in the database in a form that can be read, the scheme neither', async () => {
    const source = await newSource();
    await management().putSignature({ ...source, signature });
    const dump = await fixture.dump();
    expect(dump).toContain(source.sourceId);
    for (const text of ['canary-signing-secret', 'GITHUB'].flatMap(spellings)) expect(dump).not.toContain(text);
  });

  it('is announced when it changes', async () => {
    const source = await newSource();
    const told = () =>
      fixture.bus.messages(topics.webhookSourceChanges).filter((change) => change.sourceId === source.sourceId).length;
    const before = told();
    await management().putSignature({ ...source, signature });
    await management().putSignature(source);
    expect(told()).toBe(before + 2);
  });

  it('that cannot be read lets nobody in, and no other suffers', async () => {
    const [broken, whole] = [await newSource(), await newSource()];
    const { webhookToken } = await management().issueToken(broken);
    for (const source of [broken, whole]) await management().putSignature({ ...source, signature });
    await fixture.pool.query('update sealed_secrets set nonce = ciphertext where owner_id = $1', [broken.sourceId]);
    const unreadable = { kind: 'internal', code: 'credential_unreadable' };
    await expect(ingest().resolveSignedSource(broken)).rejects.toMatchObject(unreadable);
    await expect(ingest().verifyToken({ token: webhookToken!.token! })).rejects.toMatchObject(unreadable);
    expect((await ingest().resolveSignedSource(whole)).signature).toMatchObject(signature);
    await management().putSignature({ ...broken, signature });
    expect((await ingest().resolveSignedSource(broken)).signature).toMatchObject(signature);
  });
});
