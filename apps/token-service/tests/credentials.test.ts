import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialService } from '@agent-platform/proto';
import { newId } from '@agent-platform/ids';
import { createFixture, ORIGIN, spellings } from './fixture.ts';

let fixture: Awaited<ReturnType<typeof createFixture>>;
let service: Awaited<ReturnType<typeof fixture.start>>;

beforeAll(async () => {
  fixture = await createFixture();
  service = await fixture.start();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const headers = { Authorization: 'Bearer sk-ünusual "quoted" 1', 'X-Api-Key': 'canary-credential' };
const newOwner = (orgId = 'org_a') => ({ orgId, skillId: newId('skl') });
type Owner = ReturnType<typeof newOwner>;

const put = (owner: Owner, values: Record<string, string>) =>
  service
    .as('management-api', CredentialService)
    .putCredential({ ...owner, origin: ORIGIN, keepsOauthClient: true, headers: values });
const resolve = async (owner: Owner, from = service) =>
  (await from.as('dispatcher', CredentialService).resolveCredential({ ...owner, origin: ORIGIN })).headers;

describe('skill credentials', () => {
  it('resolve to the headers that were put last', async () => {
    const owner = newOwner();
    expect(await resolve(owner)).toEqual({});
    await put(owner, headers);
    expect(await resolve(owner)).toEqual(headers);
    await put(owner, { Authorization: 'Bearer other' });
    expect(await resolve(owner)).toEqual({ Authorization: 'Bearer other' });
    await put(owner, {});
    expect(await resolve(owner)).toEqual({});
    await put(owner, {});
  });

  it('stand nowhere in the database in a form that can be read', async () => {
    const owner = newOwner();
    await put(owner, headers);
    const dump = await fixture.dump();
    expect(dump).toContain(owner.skillId);
    const texts = ['canary-credential', 'Bearer sk-', 'X-Api-Key'].flatMap(spellings);
    for (const text of texts) expect(dump).not.toContain(text);
  });

  it('of another tenant are neither resolved nor replaced nor removed', async () => {
    const owner = newOwner();
    await put(owner, headers);
    const foreign = { ...owner, orgId: 'org_b' };
    expect(await resolve(foreign)).toEqual({});
    await expect(put(foreign, { Authorization: 'Bearer mine' })).rejects.toMatchObject({ kind: 'not_found' });
    await put(foreign, {});
    expect(await resolve(owner)).toEqual(headers);
  });
});

describe('the OAuth client of a skill', () => {
  const known = { issuer: 'https://issuer.example/', clientId: 'canary-client', scopes: ['a', 'b'] };
  const withSecret = { ...known, authentication: { case: 'clientSecret', value: 'canary-secret ü"' } } as const;
  const withKey = { ...known, authentication: { case: 'privateKey', value: '-----BEGIN canary\n' } } as const;
  type Client = typeof withSecret | typeof withKey | undefined;

  const putClient = (owner: Owner, oauthClient: Client) =>
    service.as('management-api', CredentialService).putCredential({
      ...owner,
      origin: ORIGIN,
      keepsHeaders: true,
      ...(oauthClient && { oauthClient }),
    });
  const resolveBoth = (owner: Owner) =>
    service.as('dispatcher', CredentialService).resolveCredential({ ...owner, origin: ORIGIN });

  it('resolves to what was put last, beside the headers', async () => {
    const owner = newOwner();
    await put(owner, headers);
    for (const client of [withSecret, withKey, undefined, undefined]) {
      await putClient(owner, client);
      const answer = await resolveBoth(owner);
      expect(answer.headers).toEqual(headers);
      if (client) expect(answer.oauthClient).toMatchObject(client);
      else expect(answer.oauthClient).toBeUndefined();
    }
    await putClient(owner, withKey);
    await put(owner, {});
    expect(await resolveBoth(owner)).toMatchObject({ headers: {}, oauthClient: withKey });
  });

  it('stands nowhere in the database in a form that can be read', async () => {
    const owner = newOwner();
    await putClient(owner, withSecret);
    const dump = await fixture.dump();
    expect(dump).toContain(owner.skillId);
    for (const text of ['canary-secret', 'canary-client', 'issuer.example'].flatMap(spellings)) {
      expect(dump).not.toContain(text);
    }
  });

  it('of another tenant is neither resolved nor replaced nor removed', async () => {
    const owner = newOwner();
    await putClient(owner, withSecret);
    const foreign = { ...owner, orgId: 'org_b' };
    expect((await resolveBoth(foreign)).oauthClient).toBeUndefined();
    await expect(putClient(foreign, withKey)).rejects.toMatchObject({ kind: 'not_found' });
    await putClient(foreign, undefined);
    expect((await resolveBoth(owner)).oauthClient).toMatchObject(withSecret);
  });

  it('needs a secret or a key', async () => {
    const oauthClient = { issuer: 'https://issuer.example/', clientId: 'x', scopes: [] };
    const put = service
      .as('management-api', CredentialService)
      .putCredential({ ...newOwner(), origin: ORIGIN, oauthClient });
    await expect(put).rejects.toMatchObject({ kind: 'invalid_argument' });
  });
});
