import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialService } from '@agent-platform/proto';
import { newId } from '@agent-platform/service';
import { generateVersionedKey } from '../src/index.ts';
import { createFixture, spellings } from './fixture.ts';

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
  service.as('management-api', CredentialService).putCredential({ ...owner, headers: values });
const resolve = async (owner: Owner, from = service) =>
  (await from.as('dispatcher', CredentialService).resolveCredential(owner)).headers;
const unreadable = { kind: 'internal', code: 'credential_unreadable' };

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

  it.each(['ciphertext, nonce, key_version', 'ciphertext', 'nonce'])(
    'refuse to open with %s swapped between skills or tenants',
    async (columns) => {
      const [mine, sibling, foreign] = [newOwner(), newOwner(), newOwner('org_b')];
      for (const owner of [mine, sibling, foreign]) await put(owner, headers);
      for (const other of [sibling, foreign]) {
        const values = columns.split(', ').map((column) => `${column} = other.${column}`);
        await fixture.pool.query(
          `update skill_credentials mine set ${values.join(', ')} from skill_credentials other
            where mine.skill_id = $1 and other.skill_id = $2`,
          [mine.skillId, other.skillId],
        );
        await expect(resolve(mine)).rejects.toMatchObject(unreadable);
      }
    },
  );

  it('refuse to open for a tenant they were moved to', async () => {
    const owner = newOwner();
    await put(owner, headers);
    await fixture.pool.query(`update skill_credentials set org_id = 'org_b' where skill_id = $1`, [owner.skillId]);
    await expect(resolve({ ...owner, orgId: 'org_b' })).rejects.toMatchObject(unreadable);
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

  it('of an older key stay readable after the key changed', async () => {
    const [old, fresh] = [newOwner(), newOwner()];
    await put(old, headers);
    const next = generateVersionedKey().replace('1:', '2:');
    const rotated = await fixture.start({ keyRing: `${next},${fixture.keys.keyRing}` });
    const management = rotated.as('management-api', CredentialService);
    await management.putCredential({ ...fresh, headers });
    for (const owner of [old, fresh]) expect(await resolve(owner, rotated)).toEqual(headers);
    await expect(resolve(fresh)).rejects.toMatchObject(unreadable);
  });
});
