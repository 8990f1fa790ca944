import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialService } from '@agent-platform/proto';
import { newId } from '@agent-platform/ids';
import { insertDirectlySealed } from './directly-sealed.ts';
import { createFixture } from './fixture.ts';

const A = 'https://a.example';
const B = 'https://b.example:8443';
const moved = { kind: 'failed_precondition', code: 'credential_of_another_server' };
let fixture: Awaited<ReturnType<typeof createFixture>>;
let service: Awaited<ReturnType<typeof fixture.start>>;

beforeAll(async () => {
  fixture = await createFixture();
  service = await fixture.start();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const newOwner = () => ({ orgId: 'org_a', skillId: newId('skl') });
type Owner = ReturnType<typeof newOwner>;
const management = () => service.as('management-api', CredentialService);
const put = (owner: Owner, version: number, origin: string, value: string) =>
  management().putCredential({ ...owner, version, origin, headers: { 'X-Key': value } });
const settle = (owner: Owner, version: number, origin: string, abandonedVersion = 0) =>
  management().settleCredential({ ...owner, version, origin, abandonedVersion });
const resolve = async (owner: Owner, version: number, origin: string) =>
  (await service.as('dispatcher', CredentialService).resolveCredential({ ...owner, version, origin })).headers['X-Key'];

describe('a credential', () => {
  it('is answered for the server it was given for and for no other', async () => {
    const owner = newOwner();
    await put(owner, 1, A, 'of a');
    await settle(owner, 1, A);
    expect(await resolve(owner, 1, A)).toBe('of a');
    for (const other of [B, 'http://a.example', 'https://a.example:444', 'https://a.example.evil.example']) {
      await expect(resolve(owner, 1, other)).rejects.toMatchObject(moved);
    }
  });

  it('of the server that a skill has moved to is not answered for the one it was at, whatever version is named', async () => {
    const owner = newOwner();
    await put(owner, 1, A, 'of a');
    await settle(owner, 1, A);
    await put(owner, 2, B, 'of b');
    expect(await resolve(owner, 1, A)).toBe('of a');
    await settle(owner, 2, B);
    for (const version of [0, 1, 2]) {
      await expect(resolve(owner, version, A)).rejects.toMatchObject(moved);
      expect(await resolve(owner, version, B)).toBe('of b');
    }
  });

  it('is in force once its version is named or settled, and not before', async () => {
    const owner = newOwner();
    await put(owner, 3, A, 'first');
    expect(await resolve(owner, 0, A)).toBeUndefined();
    expect(await resolve(owner, 3, A)).toBe('first');
    await settle(owner, 3, A);
    await put(owner, 5, A, 'second');
    expect([await resolve(owner, 3, A), await resolve(owner, 5, A)]).toEqual(['first', 'second']);
    await settle(owner, 5, A);
    expect(await resolve(owner, 3, A)).toBe('second');
  });

  it('that was abandoned is removed, and one that somebody is still writing is not', async () => {
    const owner = newOwner();
    for (const version of [1, 2, 3]) await put(owner, version, A, `version ${version}`);
    await settle(owner, 1, A, 2);
    const { rows } = await fixture.pool.query('select version from sealed_secrets where owner_id = $1 order by 1', [
      owner.skillId,
    ]);
    expect(rows).toEqual([{ version: 1 }, { version: 3 }]);
    // Said again, late: an older one never comes back into force, nor does it remove a newer one.
    await settle(owner, 3, A);
    await settle(owner, 1, A, 2);
    expect(await resolve(owner, 0, A)).toBe('version 3');
  });

  it('is not taken along to another server', async () => {
    const owner = newOwner();
    await put(owner, 1, A, 'of a');
    const next = { ...owner, version: 2, baseVersion: 1, keepsHeaders: true };
    await expect(management().putCredential({ ...next, origin: B })).rejects.toMatchObject(moved);
    await management().putCredential({ ...next, origin: A });
    expect(await resolve(owner, 2, A)).toBe('of a');
  });

  it('is changed in one header and keeps the others, also when it is handed over twice', async () => {
    const owner = newOwner();
    const headers = { Authorization: 'a', 'X-Team': 'a', 'X-Old': 'a' };
    await management().putCredential({ ...owner, version: 1, origin: A, headers });
    await settle(owner, 1, A);
    const merge = {
      ...owner,
      version: 2,
      baseVersion: 1,
      keepsHeaders: true,
      headers: { 'x-team': 'b', 'X-New': 'b' },
    };
    const removedHeaders = ['x-OLD', 'X-Never'];
    await expect(management().putCredential({ ...merge, removedHeaders, origin: B })).rejects.toMatchObject(moved);
    const all = async (version: number) =>
      (await service.as('dispatcher', CredentialService).resolveCredential({ ...owner, version, origin: A })).headers;
    for (let i = 0; i < 2; i++) {
      await management().putCredential({ ...merge, removedHeaders, origin: A });
      expect(await all(2)).toEqual({ Authorization: 'a', 'x-team': 'b', 'X-New': 'b' });
      expect(await all(1)).toEqual(headers);
    }
    await settle(owner, 2, A);
    const last = { ...owner, version: 3, baseVersion: 2, keepsHeaders: true, origin: A };
    await management().putCredential({ ...last, removedHeaders: ['authorization', 'x-team', 'x-new'] });
    expect(await all(3)).toEqual({});
  });

  it('from before there were origins is answered to nobody until it is bound', async () => {
    const owner = newOwner();
    await insertDirectlySealed(fixture.pool, fixture.keys.keyRing, [{ ...owner, headers: { 'X-Key': 'old' } }]);
    const unbound = { kind: 'unavailable', code: 'credential_unbound' };
    for (const origin of [A, B]) await expect(resolve(owner, 0, origin)).rejects.toMatchObject(unbound);
    for (let i = 0; i < 2; i++) await settle(owner, 0, A);
    await settle(owner, 0, B);
    expect(await resolve(owner, 0, A)).toBe('old');
    await expect(resolve(owner, 0, B)).rejects.toMatchObject(moved);
  });

  it('does not open with its origin changed in the database', async () => {
    const owner = newOwner();
    await put(owner, 1, A, 'of a');
    await fixture.pool.query('update sealed_secrets set origin = $2 where owner_id = $1', [owner.skillId, B]);
    await expect(resolve(owner, 1, B)).rejects.toMatchObject({ code: 'credential_unreadable' });
  });
});
