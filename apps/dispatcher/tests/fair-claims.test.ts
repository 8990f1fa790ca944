import { createPool, type Pool } from '@agent-platform/database';
import { createLogger } from '@agent-platform/telemetry';
import { createTestDatabase } from '@agent-platform/testing';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { migrationsDir } from '../src/index.ts';
import { claimRuns } from '../src/store/runs/claim-runs.ts';
import { markDue } from '../src/store/runs/mark-due.ts';
import { claimOf, createClaimer, insertDueRuns } from './support/claims.ts';

let pool: Pool;

beforeEach(async () => {
  const database = await createTestDatabase({ migrationsDir });
  const logger = createLogger({ level: 'silent', service: 'test' });
  pool = createPool({ url: database.url, applicationName: 'test', max: 10, logger });
  onTestFinished(async () => {
    await pool.end();
    await database[Symbol.asyncDispose]();
  });
});

const timesOf = (values: readonly string[]) =>
  Object.fromEntries([...Map.groupBy(values, (value) => value)].map(([value, all]) => [value, all.length]));

async function until<T>(count: number, claim: () => Promise<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  while (all.length < count) {
    const claimed = await claim();
    expect(claimed.length).toBeGreaterThan(0);
    all.push(...claimed);
  }
  return all.slice(0, count);
}

describe('a claim', () => {
  it('has the only run of a tenant in it, whatever another has waiting', async () => {
    await insertDueRuns(pool, { orgId: 'org_a', count: 2_000, triggers: 50 });
    await insertDueRuns(pool, { orgId: 'org_b', count: 1 });
    const { runs, backlog } = await claimRuns(pool, claimOf({ limit: 5 }));
    expect(timesOf(runs.map(({ orgId }) => orgId))).toEqual({ org_a: 3, org_b: 1 });
    expect(backlog).toBe(true);
  });

  it.each([1, 7, 64])('of %i runs gives no tenant a second turn before each has had its first', async (limit) => {
    for (let n = 10; n < 50; n++) await insertDueRuns(pool, { orgId: `org_${n}`, count: 3 });
    const runs = await until(40, createClaimer(pool, { limit }));
    expect(new Set(runs.map(({ orgId }) => orgId)).size).toBe(40);
  });

  it.each([
    { limit: 1, claims: 63 },
    { limit: 10, claims: 9 },
    { limit: 100, claims: 8 },
  ])('has each of 60 triggers of a tenant within $claims claims of $limit runs', async ({ limit, claims }) => {
    await insertDueRuns(pool, { orgId: 'org_a', count: 3_000, triggers: 60 });
    await insertDueRuns(pool, { orgId: 'org_c', count: 3 });
    const claim = createClaimer(pool, { limit });
    const runs = (await Array.fromAsync({ length: claims }, claim)).flat().filter(({ orgId }) => orgId === 'org_a');
    expect(new Set(runs.map(({ triggerId }) => triggerId)).size).toBe(60);
    for (let more = await claim(); more.length > 0; more = await claim()) runs.push(...more);
    const ofTenant = runs.filter(({ orgId }) => orgId === 'org_a').map(({ id }) => id);
    expect([ofTenant.length, new Set(ofTenant).size]).toEqual([3_000, 3_000]);
  });

  it('takes the oldest runs of a trigger first', async () => {
    await insertDueRuns(pool, { orgId: 'org_a', count: 20 });
    const { runs } = await claimRuns(pool, claimOf({ limit: 6 }));
    expect(runs.map(({ id }) => id)).toEqual([1, 2, 3, 4].map((n) => `run_org_a${n}`));
  });

  it('leaves places free for those who have none, and gives them to nobody else', async () => {
    await insertDueRuns(pool, { orgId: 'org_a', count: 500, triggers: 5 });
    const alone = await claimRuns(pool, claimOf({ limit: 100 }));
    expect(alone.runs).toHaveLength(79);
    await insertDueRuns(pool, { orgId: 'org_one', count: 500 });
    const second = await claimRuns(pool, claimOf({ limit: 21, heldOf: { tenants: { org_a: 79 }, triggers: {} } }));
    expect(timesOf(second.runs.map(({ orgId }) => orgId))).toEqual({ org_a: 1, org_one: 15 });
    const heldOf = { tenants: { org_a: 80, org_one: 15 }, triggers: { trg_org_one0000: 15 } };
    expect((await claimRuns(pool, claimOf({ limit: 5, heldOf }))).runs).toEqual([]);
    await insertDueRuns(pool, { orgId: 'org_z', count: 2 });
    const third = await claimRuns(pool, claimOf({ limit: 5, heldOf }));
    expect(timesOf(third.runs.map(({ orgId }) => orgId))).toEqual({ org_z: 2 });
  });

  it('passes over who can have no place, to those who can', async () => {
    for (let n = 10; n < 30; n++) await insertDueRuns(pool, { orgId: `org_${n}`, count: 10 });
    await insertDueRuns(pool, { orgId: 'org_a', count: 40, triggers: 20 });
    const others = Array.from({ length: 20 }, (_, n) => [`org_${n + 10}`, 5] as const);
    const triggers = Object.fromEntries(
      Array.from({ length: 19 }, (_, n) => [`trg_org_a${String(n).padStart(4, '0')}`, 3]),
    );
    const heldOf = { tenants: { ...Object.fromEntries(others), org_a: 0 }, triggers };
    const { runs } = await claimRuns(pool, claimOf({ limit: 1, heldOf }));
    expect(runs.map(({ triggerId }) => triggerId)).toEqual(['trg_org_a0019']);
  });

  it('never takes more of a tenant than it may have running, however many claim at once', async () => {
    await insertDueRuns(pool, { orgId: 'org_a', count: 500, triggers: 10 });
    await insertDueRuns(pool, { orgId: 'org_b', count: 500, triggers: 10 });
    const claim = async () => (await claimRuns(pool, claimOf({ limit: 3, maxOfTenant: 7 }))).runs;
    const runs = (await Promise.all(Array.from({ length: 60 }, claim))).flat();
    for (let more = await claim(); more.length > 0; more = await claim()) runs.push(...more);
    expect(timesOf(runs.map(({ orgId }) => orgId))).toEqual({ org_a: 7, org_b: 7 });
    expect(new Set(runs.map(({ id }) => id)).size).toBe(14);
  });

  it('leaves a part of what a tenant may have running to its other triggers', async () => {
    await insertDueRuns(pool, { orgId: 'org_a', count: 50 });
    expect((await claimRuns(pool, claimOf({ maxOfTenant: 10 }))).runs).toHaveLength(8);
    expect((await claimRuns(pool, claimOf({ maxOfTenant: 10 }))).runs).toHaveLength(0);
    await pool.query(`update runs set trigger_id = 'trg_other' where id = 'run_org_a50'`);
    const { runs } = await claimRuns(pool, claimOf({ maxOfTenant: 10 }));
    expect(runs.map(({ triggerId }) => triggerId)).toEqual(['trg_other']);
  });

  it('finds what was queued for later, and what nobody holds any more, once it is marked', async () => {
    await insertDueRuns(pool, { orgId: 'org_a', count: 3 });
    await pool.query(`update runs set due = false, claimable_at = now() + interval '1 h' where id = 'run_org_a1'`);
    await pool.query(`update runs set due = false, status = 'running' where id = 'run_org_a2'`);
    await pool.query(`update runs set status = 'cancelled' where id = 'run_org_a3'`);
    expect((await claimRuns(pool, claimOf({}))).runs).toEqual([]);
    expect(await markDue(pool, { limit: 10, held: ['run_org_a2'] })).toBe(0);
    expect(await markDue(pool, { limit: 10, held: [] })).toBe(1);
    const { runs, backlog } = await claimRuns(pool, claimOf({}));
    expect([runs.map(({ id }) => id), backlog]).toEqual([['run_org_a2'], false]);
  });
});
