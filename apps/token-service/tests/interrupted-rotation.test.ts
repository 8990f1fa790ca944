import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newId } from '@agent-platform/ids';
import { createServiceKeyFiles } from '@agent-platform/testing';
import { findOutdated } from '../src/credentials/rotation/find-outdated.ts';
import { rewrapDataKeys } from '../src/credentials/rotation/rewrap-data-keys.ts';
import { newCounts, rotateKeys } from '../src/credentials/rotation/rotate-keys.ts';
import { insertDirectlySealed } from './directly-sealed.ts';
import { createFixture, putHeaders, resolve, type Skill } from './fixture.ts';
import { startReplica, type ReplicaEnv } from './replica.ts';
import { newRings } from './rings.ts';

const ORGS = ['org_a', 'org_m', 'org_z'];
/** More than a batch of each kind. */
const PER_ORG = 220;
const PATIENCE = { timeout: 30_000, interval: 50 };
const never = new AbortController().signal;
const rings = newRings();
let fixture: Awaited<ReturnType<typeof createFixture>>;
let expected: Map<Skill, Record<string, string>>;

/** Credentials of three tenants, half of them from before there were data keys; each tenant has a newer data key. */
beforeEach(async () => {
  fixture = await createFixture({ keyRing: rings.one });
  const context = fixture.context();
  const skills = ORGS.flatMap((orgId) => Array.from({ length: PER_ORG }, () => ({ orgId, skillId: newId('skl') })));
  expected = new Map(skills.map((skill) => [skill, { Authorization: `Bearer ${skill.skillId}` }]));
  const all = [...expected].map(([skill, headers]) => ({ ...skill, headers }));
  await insertDirectlySealed(
    fixture.pool,
    rings.one,
    all.filter((_, i) => i % 2 === 0),
  );
  for (const { headers, ...skill } of all.filter((_, i) => i % 2 === 1)) await putHeaders(context, skill, headers);
  for (const orgId of ORGS) await context.dataKeys.create(orgId, 2);
});
afterEach(() => fixture[Symbol.asyncDispose]());

async function expectAllReadable(keyRing?: string): Promise<void> {
  const context = fixture.context({ keyRing });
  for (const [skill, headers] of expected) expect(await resolve(context, skill)).toEqual(headers);
}

/** How many credentials are outdated, by tenant. */
async function outdated(): Promise<number[]> {
  const found = await findOutdated(fixture.pool);
  return ORGS.map((org) => found.filter(({ orgId }) => orgId === org).reduce((sum, o) => sum + o.secrets, 0));
}

async function wrappedByOld(): Promise<string[]> {
  const { rows } = await fixture.pool.query<{ key: string }>(
    `select org_id || ' ' || version as key from data_keys where key_version = 1 order by 1`,
  );
  return rows.map(({ key }) => key);
}

describe('a rotation', () => {
  it('that is stopped between batches leaves everything readable, and the next one goes on', async () => {
    const context = fixture.context({ keyRing: rings.twoOne });
    const stop = new AbortController();
    const current = (orgId: string) => {
      stop.abort(new Error('stopped'));
      return context.dataKeys.current(orgId);
    };
    const stopped = rotateKeys({ ...context, dataKeys: { ...context.dataKeys, current } }, stop.signal);
    await expect(stopped).rejects.toThrow('stopped');
    // One batch was under way.
    expect(await outdated()).toEqual([PER_ORG - 100, PER_ORG, PER_ORG]);
    await expectAllReadable(rings.twoOne);

    const left = ORGS.length * PER_ORG - 100;
    expect(await rotateKeys(context, never)).toMatchObject({ rewrapped: 0, resealed: left });
    expect(await outdated()).toEqual([0, 0, 0]);
    await expectAllReadable(rings.two);
  });

  it('that is killed at either key goes on in the next process, and no read fails', { timeout: 90_000 }, async () => {
    await using serviceKeys = await createServiceKeyFiles();
    const env = {
      DATABASE_URL: fixture.url,
      CREDENTIAL_KEYS: rings.twoOne,
      CREDENTIAL_DATA_KEY_MAX_AGE: '36500d',
      SERVICE_PUBLIC_KEYS_FILE: serviceKeys.publicKeysFile,
    };
    await using reads = readAllTheTime();

    // Each is killed while it waits for a data key of the tenant in the middle: to re-wrap it, then to seal with it.
    expect(await wrappedByOld()).toHaveLength(6);
    await killAtTenantInTheMiddle(env);
    // The server may have finished the one statement that was waiting.
    const left = (await wrappedByOld()).filter((key) => key !== 'org_m 1');
    expect(left).toEqual(['org_m 2', 'org_z 1', 'org_z 2']);
    expect(await outdated()).toEqual([PER_ORG, PER_ORG, PER_ORG]);
    await rewrapDataKeys(fixture.context({ keyRing: rings.twoOne }), newCounts(), never);
    await killAtTenantInTheMiddle(env);
    expect(await outdated()).toEqual([0, PER_ORG, PER_ORG]);

    await using replicas = new AsyncDisposableStack();
    for (let i = 0; i < 2; i++) replicas.use(startReplica(env));
    await vi.waitFor(async () => expect(await outdated()).toEqual([0, 0, 0]), PATIENCE);
    const read = await reads.stop();
    expect(read.failures).toEqual([]);
    expect(read.count).toBeGreaterThan(0);
    expect(await wrappedByOld()).toEqual([]);
    await expectAllReadable(rings.two);
  });

  it('does not undo a write that comes while its batch is under way', async () => {
    const context = fixture.context();
    // Of the first batch: sealed with the older data key.
    const [, skill] = expected.keys();
    const headers = { Authorization: `Bearer new ${skill!.skillId}` };
    expected.set(skill!, headers);
    let writing: Promise<void> | undefined;
    const connect = async () => {
      const client = await fixture.pool.connect();
      const query = async (text: string, values?: unknown[]) => {
        const result = await client.query(text, values);
        if (!text.includes('from sealed_secrets') || writing) return result;
        let written = false;
        writing = putHeaders(context, skill!, headers).finally(() => (written = true));
        const decided = async () => expect(written || (await connectionsWaiting('test')) > 0).toBe(true);
        await vi.waitFor(decided, PATIENCE);
        return result;
      };
      return { query, release: (error?: Error) => client.release(error) };
    };
    const pool = { connect, query: fixture.pool.query.bind(fixture.pool) } as unknown as typeof fixture.pool;
    await rotateKeys({ ...context, pool }, never);
    await writing;
    await expectAllReadable();
  });

  it('by several processes at once, while credentials are written, loses no write and leaves nothing behind', async () => {
    const contexts = Array.from({ length: 4 }, () => fixture.context({ keyRing: rings.twoOne, dataKeyMaxAgeMs: 1 }));
    fixture.time.nowMs += 1;
    await using reads = readAllTheTime();
    const rotated = Promise.all(contexts.map((context) => rotateKeys(context, never)));
    for (const skill of [...expected.keys()].filter((_, i) => i % 7 === 0)) {
      const headers = { Authorization: `Bearer new ${skill.skillId}` };
      expected.set(skill, headers);
      await putHeaders(contexts[0]!, skill, headers);
    }
    await rotated;
    const settled = await rotateKeys({ ...contexts[1]!, dataKeyMaxAgeMs: Infinity }, never);
    expect(settled).toMatchObject({ unreadable: 0 });
    expect((await reads.stop()).failures).toEqual([]);
    expect(await outdated()).toEqual([0, 0, 0]);
    expect(await wrappedByOld()).toEqual([]);
    await expectAllReadable(rings.two);
  });
});

/** Reads one credential after the other, as a replica that does not know yet which key is the current one. */
function readAllTheTime() {
  const context = fixture.context({ keyRing: rings.oneTwo });
  const failures: unknown[] = [];
  let count = 0;
  let stopped = false;
  const reading = (async () => {
    while (!stopped) {
      for (const skill of expected.keys()) {
        if (stopped) return;
        // A write under way may or may not be seen; what is read is never anything else.
        await resolve(context, skill).then(
          ({ Authorization }) => Authorization?.endsWith(skill.skillId) || failures.push(Authorization),
          (error: unknown) => failures.push(error),
        );
        count += 1;
      }
    }
  })();
  const stop = async () => {
    stopped = true;
    await reading;
    return { count, failures };
  };
  return { stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

/** Starts a process, holds it up at the data key of `org_m`, and kills it there with -9. */
async function killAtTenantInTheMiddle(env: ReplicaEnv): Promise<void> {
  const client = await fixture.pool.connect();
  try {
    await client.query('begin');
    await client.query(`select from data_keys where org_id = 'org_m' for update`);
    const replica = startReplica(env);
    const waiting = async () => expect(await connectionsWaiting('token-service')).toBe(1);
    await vi.waitFor(waiting, PATIENCE).finally(() => replica.kill());
    await client.query('commit');
    // The server finishes, or rolls back, what the process was waiting for before it notices that it is gone.
    await vi.waitFor(async () => expect(await connections('token-service')).toBe(0), PATIENCE);
  } finally {
    client.release();
  }
}

/** How many connections there are. Asked outside of any transaction: inside, it answers the same every time. */
async function connections(applicationName: string, more = 'true'): Promise<number> {
  const { rows } = await fixture.pool.query<{ count: number }>(
    `select count(*)::int from pg_stat_activity
      where application_name = $1 and datname = current_database() and ${more}`,
    [applicationName],
  );
  return rows[0]!.count;
}

const connectionsWaiting = (applicationName: string) => connections(applicationName, `wait_event_type = 'Lock'`);
