import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CredentialService } from '@agent-platform/proto';
import { newId } from '@agent-platform/ids';
import { createMetrics } from '@agent-platform/telemetry';
import { findOutdated } from '../src/credentials/rotation/find-outdated.ts';
import { rotateKeys } from '../src/credentials/rotation/rotate-keys.ts';
import { insertDirectlySealed } from './directly-sealed.ts';
import { createFixture, putHeaders, resolve, type Skill, ORIGIN } from './fixture.ts';
import { newRings } from './rings.ts';

const DAY_MS = 86_400_000;
const headers = { Authorization: 'Bearer sk-1' };
const never = new AbortController().signal;
const newSkill = (orgId = 'org_a'): Skill => ({ orgId, skillId: newId('skl') });
const rings = newRings();
let fixture: Awaited<ReturnType<typeof createFixture>>;

beforeEach(async () => {
  fixture = await createFixture({ keyRing: rings.one });
});
afterEach(() => fixture[Symbol.asyncDispose]());

/** Every data key, as tenant, version and version of the key-encryption key. */
async function dataKeys(): Promise<string[]> {
  const { rows } = await fixture.pool.query<{ key: string }>(
    `select concat_ws(' ', org_id, version, key_version) as key from data_keys order by 1`,
  );
  return rows.map(({ key }) => key);
}

describe('a new key-encryption key', () => {
  it('takes over by being put in front: then the old one can be taken away', async () => {
    const skills = [newSkill('org_a'), newSkill('org_b')];
    for (const skill of skills) await putHeaders(fixture.context(), skill, headers);
    expect(await dataKeys()).toEqual(['org_a 1 1', 'org_b 1 1']);
    await fixture.start({ keyRing: rings.twoOne });
    await vi.waitFor(async () => expect(await dataKeys()).toEqual(['org_a 1 2', 'org_b 1 2']), 10_000);
    const without = fixture.context({ keyRing: rings.two });
    for (const skill of skills) expect(await resolve(without, skill)).toEqual(headers);
  });

  it('is settled on by replicas that disagree which one is current', async () => {
    const skill = newSkill();
    const [behind, ahead] = [fixture.context({ keyRing: rings.oneTwo }), fixture.context({ keyRing: rings.twoOne })];
    await putHeaders(behind, skill, headers);
    expect(await rotateKeys(ahead, never)).toMatchObject({ rewrapped: 1 });
    for (const replica of [behind, ahead, behind]) {
      expect(await rotateKeys(replica, never)).toMatchObject({ rewrapped: 0 });
      expect(await resolve(replica, skill)).toEqual(headers);
    }
    const late = newSkill('org_b');
    await putHeaders(behind, late, headers);
    expect(await resolve(ahead, late)).toEqual(headers);
    await rotateKeys(ahead, never);
    expect(await dataKeys()).toEqual(['org_a 1 2', 'org_b 1 2']);
  });
});

describe('credentials from before there were data keys', () => {
  const old = [newSkill('org_a'), newSkill('org_a'), newSkill('org_b')];
  const insert = () =>
    insertDirectlySealed(
      fixture.pool,
      rings.one,
      old.map((skill) => ({ ...skill, headers })),
    );

  it('are read as they are, and re-sealed in the background', async () => {
    await insert();
    for (const skill of old) expect(await resolve(fixture.context(), skill)).toEqual(headers);
    await fixture.start();
    await vi.waitFor(async () => expect(await findOutdated(fixture.pool)).toEqual([]), 10_000);
    for (const skill of old) expect(await resolve(fixture.context(), skill)).toEqual(headers);
    expect(await dataKeys()).toEqual(['org_a 1 1', 'org_b 1 1']);
  });

  it('can be replaced before that', async () => {
    await insert();
    await putHeaders(fixture.context(), old[0]!, { 'X-Key': 'new' });
    expect(await resolve(fixture.context(), old[0]!)).toEqual({ 'X-Key': 'new' });
  });

  it('need their key-encryption key until they are re-sealed', async () => {
    await insert();
    const context = fixture.context({ keyRing: rings.two });
    await expect(resolve(context, old[0]!)).rejects.toThrow('no key of version 1 is configured in CREDENTIAL_KEYS');
    expect(await rotateKeys(fixture.context({ keyRing: rings.twoOne }), never)).toMatchObject({ resealed: 3 });
    for (const skill of old) expect(await resolve(context, skill)).toEqual(headers);
  });
});

describe('a data key', () => {
  it('is made once by processes that need the first one at the same time', async () => {
    const skills = Array.from({ length: 20 }, () => newSkill());
    const replicas = skills.map(() => fixture.context());
    await Promise.all(skills.map((skill, i) => putHeaders(replicas[i]!, skill, headers)));
    expect(await dataKeys()).toEqual(['org_a 1 1']);
    for (const skill of skills) expect(await resolve(replicas[0]!, skill)).toEqual(headers);
  });

  it('is replaced when it has reached its age, to the millisecond, and removed when nothing needs it', async () => {
    const [old, young] = [newSkill('org_a'), newSkill('org_b')];
    const context = fixture.context({ dataKeyMaxAgeMs: 90 * DAY_MS });
    await putHeaders(context, old, headers);
    fixture.time.nowMs += 1;
    await putHeaders(context, young, headers);
    fixture.time.nowMs += 90 * DAY_MS - 2;
    expect(await rotateKeys(context, never)).toMatchObject({ renewed: 0, resealed: 0, removed: 0 });
    fixture.time.nowMs += 1;
    expect(await rotateKeys(context, never)).toMatchObject({ renewed: 1, resealed: 1, removed: 1 });
    expect(await dataKeys()).toEqual(['org_a 2 1', 'org_b 1 1']);
    for (const skill of [old, young]) expect(await resolve(context, skill)).toEqual(headers);
  });

  it('that has just been removed costs a write nothing but a second look', async () => {
    const [one, two] = [newSkill(), newSkill()];
    const context = fixture.context();
    await putHeaders(context, one, headers);
    const removed = await context.dataKeys.current('org_a');
    await context.dataKeys.create('org_a', 2);
    await rotateKeys(context, never);
    let asked = 0;
    const current = async (orgId: string) => (asked++ === 0 ? removed : context.dataKeys.current(orgId));
    await putHeaders({ ...context, dataKeys: { ...context.dataKeys, current } }, two, headers);
    expect(asked).toBe(2);
    expect(await resolve(context, two)).toEqual(headers);
  });

  it('that is replaced and removed while a credential is read does not fail the read', async () => {
    const skill = newSkill();
    const context = fixture.context({ dataKeyMaxAgeMs: 0 });
    await putHeaders(context, skill, headers);
    // After whatever a read asks for, everything that it has seen is gone.
    const query = async (statement: { text: string; values: unknown[] }) => {
      const result = await fixture.pool.query(statement);
      expect(await rotateKeys(context, never)).toMatchObject({ renewed: 1, resealed: 1, removed: 1 });
      return result;
    };
    const pool = { query } as unknown as typeof fixture.pool;
    expect(await resolve({ ...fixture.context(), pool }, skill)).toEqual(headers);
  });

  it('that is lost does not keep its tenant from setting its credentials again', async () => {
    const [lost, other] = [newSkill(), newSkill()];
    for (const skill of [lost, other]) await putHeaders(fixture.context(), skill, headers);
    const forgetful = fixture.context({ keyRing: rings.two });
    await expect(resolve(forgetful, lost)).rejects.toMatchObject({ code: 'credential_unreadable' });
    for (const skill of [lost, other]) await putHeaders(forgetful, skill, headers);
    for (const skill of [lost, other]) expect(await resolve(forgetful, skill)).toEqual(headers);
    await rotateKeys(forgetful, never);
    expect(await dataKeys()).toEqual(['org_a 2 2']);
  });
});

describe('operators', () => {
  it('see which key-encryption keys are still needed, and how many credentials are outdated', async () => {
    await insertDirectlySealed(fixture.pool, rings.one, [{ ...newSkill(), headers }]);
    const broken = newSkill('org_b');
    await putHeaders(fixture.context(), broken, headers);
    await fixture.pool.query('update sealed_secrets set nonce = ciphertext where org_id = $1', ['org_b']);
    await fixture.context().dataKeys.create('org_b', 2);
    const metrics = createMetrics();
    await fixture.start({ keyRing: rings.twoOne, metrics });
    // org_a: one new data key. org_b: two, because the first one is needed by what cannot be opened.
    const expected = [
      'token_service_credential_key_uses{version="2"} 3',
      'token_service_credential_key_uses{version="1"} 0',
      'token_service_outdated_secrets 1',
    ];
    await vi.waitFor(async () => {
      const { body } = await metrics.expose();
      for (const line of expected) expect(body).toContain(line);
    }, 10_000);
    const service = await fixture.start({ keyRing: rings.twoOne });
    await service.as('management-api', CredentialService).putCredential({ ...broken, origin: ORIGIN, headers });
    expect(await rotateKeys(fixture.context({ keyRing: rings.twoOne }), never)).toMatchObject({ unreadable: 0 });
    expect(await findOutdated(fixture.pool)).toEqual([]);
  });

  it('find no credential and no data key in a dump', async () => {
    const context = fixture.context();
    await putHeaders(context, newSkill(), { Authorization: 'canary-credential' });
    await context.dataKeys.create('org_a', 2);
    await rotateKeys(context, never);
    const { key } = await context.dataKeys.current('org_a');
    const dump = await fixture.dump();
    expect(dump).toContain('org_a');
    for (const plain of [Buffer.from('canary-credential'), key.export()]) {
      for (const encoding of ['hex', 'base64', 'latin1'] as const) expect(dump).not.toContain(plain.toString(encoding));
    }
  });
});
