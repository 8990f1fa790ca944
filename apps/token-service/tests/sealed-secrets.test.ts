import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool, migrate } from '@agent-platform/database';
import { newId } from '@agent-platform/ids';
import { createTestDatabase } from '@agent-platform/testing';
import { openSecrets } from '../src/credentials/open-secrets.ts';
import { putSecret } from '../src/credentials/put-secret.ts';
import { rotateKeys } from '../src/credentials/rotation/rotate-keys.ts';
import { seal, type SecretField, type SecretPlace } from '../src/credentials/sealing.ts';
import { migrationsDir } from '../src/database.ts';
import { createFixture, logger } from './fixture.ts';

const FIELDS: SecretField[] = ['headers', 'oauth_client', 'signing_secrets'];
const never = new AbortController().signal;
let fixture: Awaited<ReturnType<typeof createFixture>>;

beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const UNBOUND = { version: 0, origin: null };

const newPlaces = (): SecretPlace[] => {
  const owners = [newId('skl'), newId('skl'), newId('src')];
  return owners.flatMap((ownerId) => FIELDS.map((field) => ({ orgId: 'org_a', ownerId, field, ...UNBOUND })));
};

describe('the secrets of an owner', () => {
  it('are told apart by their field, and each is replaced and removed without the others', async () => {
    const context = fixture.context();
    const owner = { orgId: 'org_a', ownerId: newId('skl') };
    for (const field of FIELDS) await putSecret(context, { ...owner, ...UNBOUND, field }, `of ${field}`);
    await putSecret(context, { ...owner, ...UNBOUND, field: 'oauth_client' }, 'new');
    await putSecret(context, { ...owner, ...UNBOUND, field: 'headers' }, undefined);
    expect(await openSecrets(context, owner)).toEqual({ oauth_client: 'new', signing_secrets: 'of signing_secrets' });
    expect(await openSecrets(context, { ...owner, orgId: 'org_b' })).toEqual({});
  });

  it('are all rotated, across batches that end within an owner, and stay what they are', async () => {
    const context = fixture.context({ dataKeyMaxAgeMs: 1 });
    const places = Array.from({ length: 37 }, newPlaces).flat();
    for (const place of places) await putSecret(context, place, `${place.ownerId} ${place.field}`);
    fixture.time.nowMs += 1;
    const counts = await rotateKeys(context, never);
    expect(counts.resealed).toBeGreaterThanOrEqual(places.length);
    expect(counts).toMatchObject({ removed: 1, unreadable: 0 });
    for (const { field, ...owner } of places) {
      expect((await openSecrets(context, owner))[field]).toBe(`${owner.ownerId} ${field}`);
    }
  });

  it('do not open in the place of any other: owner or field', async () => {
    const context = fixture.context();
    const places = newPlaces();
    for (const place of places) await putSecret(context, place, 'secret');
    const swap = `update sealed_secrets mine set ciphertext = other.ciphertext, nonce = other.nonce from sealed_secrets other
                   where mine.owner_id = $1 and mine.field = $2 and other.owner_id = $3 and other.field = $4`;
    for (const mine of places) {
      for (const other of places.filter((place) => place !== mine)) {
        const client = await fixture.pool.connect();
        await client.query('begin');
        await client.query(swap, [mine.ownerId, mine.field, other.ownerId, other.field]);
        const opened = openSecrets({ ...context, pool: client }, mine);
        await expect(opened).rejects.toMatchObject({ code: 'credential_unreadable' });
        await client.query('rollback');
        client.release();
      }
    }
  });
});

describe('a database from before there were fields', () => {
  it('keeps the headers of its skills', async () => {
    await using resources = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), 'migrations-'));
    resources.defer(() => rm(directory, { recursive: true, force: true }));
    for (const name of ['20261123000000_initial', '20261124000000_data_keys']) {
      await cp(join(migrationsDir, name), join(directory, name), { recursive: true });
    }
    const database = resources.use(await createTestDatabase({ migrationsDir: directory }));
    const pool = createPool({ url: database.url, applicationName: 'test', logger });
    resources.defer(() => pool.end());
    const context = fixture.context({ pool });
    const place: SecretPlace = { orgId: 'org_a', ownerId: newId('skl'), field: 'headers', ...UNBOUND };
    const dataKey = await context.dataKeys.current('org_a');
    const { ciphertext, nonce } = seal(dataKey, place, 'secret');
    await pool.query(
      `insert into skill_credentials (org_id, skill_id, ciphertext, nonce, data_key_version, updated_at)
       values ($1, $2, $3, $4, $5, now())`,
      [place.orgId, place.ownerId, ciphertext, nonce, dataKey.version],
    );
    await migrate({ url: database.url, migrationsDir });
    expect(await openSecrets(context, place)).toEqual({ headers: 'secret' });
    await putSecret(context, place, 'new');
    expect(await openSecrets(context, place)).toEqual({ headers: 'new' });
  });
});
