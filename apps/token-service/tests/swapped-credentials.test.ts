import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '@agent-platform/ids';
import { createFixture, putHeaders, resolve, type Skill } from './fixture.ts';

const ORGS = ['org_a', 'org_b'];
const VERSIONS = [1, 2];
const headers = { Authorization: 'Bearer sk-1' };
const unreadable = { kind: 'internal', code: 'credential_unreadable' };
const skills: Skill[] = [];
let fixture: Awaited<ReturnType<typeof createFixture>>;
let context: ReturnType<typeof fixture.context>;

/** Two skills for each of two data keys of each of two tenants. */
beforeAll(async () => {
  fixture = await createFixture();
  context = fixture.context();
  for (const orgId of ORGS) {
    for (const version of VERSIONS) {
      await context.dataKeys.create(orgId, version);
      for (const skillId of [newId('skl'), newId('skl')]) {
        await putHeaders(context, { orgId, skillId }, headers);
        skills.push({ orgId, skillId });
      }
    }
  }
});
afterAll(() => fixture[Symbol.asyncDispose]());

/** What reading a credential comes to after somebody who can write to the database did this to one row. */
async function readAfter(change: string, values: unknown[], skill: Skill): Promise<unknown> {
  const client = await fixture.pool.connect();
  try {
    await client.query('begin');
    expect((await client.query(change, values)).rowCount).toBe(1);
    return await resolve({ ...context, pool: client }, skill).catch((error: unknown) => error);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

function pairs<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((one) => items.filter((other) => other !== one).map((other): [T, T] => [one, other]));
}

describe('a credential', () => {
  it('opens where it is, and with a change that changes nothing', async () => {
    for (const skill of skills) {
      const same = 'update sealed_secrets set nonce = nonce where owner_id = $1';
      expect(await readAfter(same, [skill.skillId], skill)).toEqual(headers);
    }
  });

  it.each(['ciphertext, nonce, data_key_version', 'ciphertext, nonce', 'ciphertext', 'nonce'])(
    'does not open with %s of any other: skill, data key or tenant',
    async (columns) => {
      const values = columns.split(', ').map((column) => `${column} = other.${column}`);
      const swap = `update sealed_secrets mine set ${values.join(', ')} from sealed_secrets other
                     where mine.owner_id = $1 and other.owner_id = $2`;
      for (const [mine, other] of pairs(skills)) {
        expect(await readAfter(swap, [mine.skillId, other.skillId], mine)).toMatchObject(unreadable);
      }
      expect(pairs(skills)).toHaveLength(8 * 7);
    },
  );

  it('does not open with the data key version changed', async () => {
    const change = 'update sealed_secrets set data_key_version = 3 - data_key_version where owner_id = $1';
    for (const skill of skills) expect(await readAfter(change, [skill.skillId], skill)).toMatchObject(unreadable);
  });

  it('does not open as one that was sealed without a data key', async () => {
    const change = 'update sealed_secrets set data_key_version = null, key_version = 1 where owner_id = $1';
    for (const skill of skills) expect(await readAfter(change, [skill.skillId], skill)).toMatchObject(unreadable);
  });

  it('does not open for a tenant it was moved to', async () => {
    for (const skill of skills) {
      const orgId = ORGS.find((other) => other !== skill.orgId)!;
      const change = 'update sealed_secrets set org_id = $2 where owner_id = $1';
      expect(await readAfter(change, [skill.skillId, orgId], { ...skill, orgId })).toMatchObject(unreadable);
    }
  });

  it('does not open with a data key that is cut off', async () => {
    const change = 'update data_keys set wrapped = substr(wrapped, 1, $2::int) where org_id = $1 and version = 1';
    const skill = skills[0]!;
    for (let length = 0; length < 60; length++) {
      expect(await readAfter(change, [skill.orgId, length], skill)).toMatchObject(unreadable);
    }
  });
});

describe('a data key', () => {
  const keys = ORGS.flatMap((orgId) => VERSIONS.map((version) => ({ orgId, version })));

  it('does not open in the place of any other: version or tenant', async () => {
    const swap = `update data_keys mine set wrapped = other.wrapped, key_version = other.key_version from data_keys other
                   where mine.org_id = $1 and mine.version = $2 and other.org_id = $3 and other.version = $4`;
    for (const [mine, other] of pairs(keys)) {
      const sealedWithMine = skills.filter((_, i) => keys[Math.floor(i / 2)] === mine);
      expect(sealedWithMine).toHaveLength(2);
      for (const skill of sealedWithMine) {
        const values = [mine.orgId, mine.version, other.orgId, other.version];
        // Even in a process that has both keys in its memory.
        expect(await resolve(context, skill)).toEqual(headers);
        expect(await readAfter(swap, values, skill)).toMatchObject(unreadable);
      }
    }
  });

  it('does not open under another version of the key-encryption key', async () => {
    const change = 'update data_keys set key_version = 2 where org_id = $1 and version = 1';
    expect(await readAfter(change, [skills[0]!.orgId], skills[0]!)).toMatchObject(unreadable);
  });

  it('cannot be removed while a credential is sealed with it', async () => {
    await expect(fixture.pool.query('delete from data_keys where version = 1')).rejects.toThrow('foreign key');
  });
});
