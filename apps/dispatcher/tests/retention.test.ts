import { newId } from '@agent-platform/ids';
import { createMetrics } from '@agent-platform/telemetry';
import { describe, expect, it } from 'vitest';
import { deleteOld, type Deleted } from '../src/retention/delete-old.ts';
import { createFixture, testConfig, type Fixture } from './support/fixture.ts';
import { waiting } from './support/waiting.ts';

const DAY_MS = 86_400_000;
const before = new Date(Date.now() - 30 * DAY_MS);
const old = () => new Date(Date.now() - 31 * DAY_MS);

async function deleted(fixture: Fixture, size = 1_000): Promise<Deleted & { batches: Partial<Deleted>[] }> {
  const batches: Partial<Deleted>[] = [];
  const o = { before, batches: { size, pauseMs: 0 }, signal: new AbortController().signal };
  await deleteOld(fixture.pool, o, (batch) => batches.push(batch));
  const sum = (table: keyof Deleted) => batches.reduce((total, batch) => total + (batch[table] ?? 0), 0);
  return {
    runs: sum('runs'),
    steps: sum('steps'),
    events: sum('events'),
    duplicates: sum('duplicates'),
    plans: sum('plans'),
    replays: sum('replays'),
    deadLetters: sum('deadLetters'),
    batches,
  };
}

async function left({ pool }: Fixture): Promise<Record<string, number>> {
  const { rows } = await pool.query<Record<string, number>>(
    `select (select count(*)::int from events) as events, (select count(*)::int from runs) as runs,
            (select count(*)::int from steps) as steps, (select count(*)::int from event_duplicates) as duplicates`,
  );
  return rows[0]!;
}

/** Events with one run of two steps each, all as old as they say. */
async function insert(
  fixture: Fixture,
  o: { prefix: string; count: number; at: Date; status?: string; finished?: Date | null },
): Promise<void> {
  const { prefix, count, at, status = 'succeeded', finished = at } = o;
  const runPrefix = `run_${idAt(at).slice(4, 14)}${prefix}`;
  await fixture.pool.query(
    `insert into events (id, org_id, source_id, event_type, payload, delivery_id, received_at, decisions)
     select 'evt_' || $1 || i, 'org', 'src', 't', '{}', 'dlv', $3, '[]' from generate_series(1, $2) as i`,
    [prefix, count, at],
  );
  await fixture.pool.query(
    `insert into event_duplicates (event_id, delivery_id, org_id, received_at)
     select 'evt_' || $1 || i, 'dlv', 'org', $3 from generate_series(1, $2) as i`,
    [prefix, count, at],
  );
  // Before their runs: retention may be at work.
  await fixture.pool.query(
    `insert into steps (run_id, number, org_id, kind, status, position, repeatable, started_at)
     select $1 || i, n, 'org', 'tool_call', 'succeeded', 'call', false, $3
     from generate_series(1, $2) as i, generate_series(1, 2) as n`,
    [runPrefix, count, at],
  );
  await fixture.pool.query(
    `insert into runs (id, org_id, event_id, source_id, trigger_id, trigger_name, agent_id, agent_name, plan_hash, status, claimable_at,
                       created_at, finished_at)
     select $6 || i, 'org', 'evt_' || $1 || i, 'src', 'trg', 't', 'agt', 'a', '\\x00', $4, now() + interval '1 day', $3, $5
     from generate_series(1, $2) as i`,
    [prefix, count, at, status, finished, runPrefix],
  );
}

function idAt(at: Date): string {
  return newId('run', at.getTime());
}

describe('retention', () => {
  it('deletes what is too old, with steps and duplicates, and nothing else', async () => {
    await using fixture = await createFixture();
    await fixture.start();
    await insert(fixture, { prefix: 'old', count: 25, at: old() });
    await insert(fixture, { prefix: 'new', count: 5, at: new Date(Date.now() - 29 * DAY_MS) });
    const { batches, ...rows } = await deleted(fixture, 10);
    expect(rows).toEqual({ runs: 25, steps: 50, events: 25, duplicates: 25, plans: 0, replays: 0, deadLetters: 0 });
    expect(Math.max(...batches.map(({ runs = 0, events = 0 }) => Math.max(runs, events)))).toBe(10);
    expect(await left(fixture)).toEqual({ runs: 5, steps: 10, events: 5, duplicates: 5 });
    expect(await deleted(fixture)).toMatchObject({ runs: 0, events: 0 });
  });

  it.each(['queued', 'running', 'awaiting_approval', 'outcome_unknown'])(
    'keeps a run that is %s, and its event, whatever their age',
    async (status) => {
      await using fixture = await createFixture();
      await fixture.start();
      await insert(fixture, { prefix: 'open', count: 3, at: old(), status, finished: null });
      await insert(fixture, { prefix: 'old', count: 3, at: old() });
      expect(await deleted(fixture, 2)).toMatchObject({ runs: 3, events: 3 });
      const { rows } = await fixture.pool.query('select distinct status from runs');
      expect(rows).toEqual([{ status }]);
      expect(await left(fixture)).toEqual({ runs: 3, steps: 6, events: 3, duplicates: 3 });
    },
  );

  it('keeps a run that ended only lately, and an event as long as any run of it is left', async () => {
    await using fixture = await createFixture();
    await fixture.start();
    await insert(fixture, { prefix: 'late', count: 1, at: old(), finished: new Date() });
    await insert(fixture, { prefix: 'old', count: 1, at: old() });
    await fixture.pool.query(
      `insert into runs (id, org_id, event_id, source_id, trigger_id, trigger_name, agent_id, agent_name, plan_hash, status,
                         claimable_at, created_at, finished_at, replay_id)
       select $1, org_id, event_id, 'src', trigger_id, 't', 'a', 'a', '\\x00', 'succeeded', now(), now(), now(), 'fix-42'
       from runs where event_id = 'evt_old1'`,
      [idAt(new Date())],
    );
    expect(await deleted(fixture)).toMatchObject({ runs: 1, events: 0 });
    expect(await left(fixture)).toMatchObject({ runs: 2, events: 2 });
  });

  it('deletes events that started nothing', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    await dispatcher.deliver({ type: 'nobody.listens', receivedAt: old() }, { type: 'nobody.listens' });
    expect(await deleted(fixture)).toMatchObject({ events: 1 });
  });

  it('deletes a plan that nothing was started by for long, once no run refers to it', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const [used] = await dispatcher.deliver({});
    await fixture.finished(used!);
    const age = (interval: string) => fixture.pool.query(`update plans set used_at = now() - $1::interval`, [interval]);
    await age('29 days');
    expect(await deleted(fixture)).toMatchObject({ plans: 0 });
    await age('31 days');
    expect(await deleted(fixture)).toMatchObject({ plans: 0 });
    // What starts something by it marks it as used.
    const [again] = await dispatcher.deliver({});
    await fixture.finished(again!);
    await fixture.pool.query(`delete from runs`);
    expect(await deleted(fixture)).toMatchObject({ plans: 0 });
    await age('31 days');
    expect(await deleted(fixture)).toMatchObject({ plans: 1 });
    await fixture.finished((await dispatcher.deliver({}))[0]!);
  });

  it('deletes replays that have been over for long, and no other', async () => {
    await using fixture = await createFixture();
    await fixture.start();
    await fixture.pool.query(
      `insert into replays (org_id, id, kind, request, requested_by, state, event_count, run_count, due_at, created_at,
                            finished_at)
       select 'org', i, 'event', '{}', 'ann', case when i % 2 = 0 then 'succeeded' else 'running' end, 1, 1,
              now() + interval '1 day', $1::timestamptz, case when i % 2 = 0 then $1::timestamptz + i * interval '210 minutes' end
       from generate_series(1, 12) as i`,
      [old()],
    );
    expect(await deleted(fixture, 2)).toMatchObject({ replays: 3 });
    const { rows } = await fixture.pool.query(`select string_agg(id, ' ' order by id::int) as ids from replays`);
    expect(rows).toEqual([{ ids: '1 3 5 7 8 9 10 11 12' }]);
  });

  it('is done by one dispatcher at a time', async () => {
    await using fixture = await createFixture();
    await fixture.start();
    await insert(fixture, { prefix: 'old', count: 3, at: old() });
    const other = await fixture.pool.connect();
    try {
      await other.query(`begin; select pg_advisory_xact_lock(hashtext('dispatcher retention'))`);
      expect(await deleted(fixture)).toMatchObject({ runs: 0, events: 0, batches: [] });
      await other.query('rollback');
    } finally {
      other.release();
    }
    expect(await deleted(fixture)).toMatchObject({ runs: 3, events: 3 });
  });

  it('does not take an event from under a run that a replay is just starting for it', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const [eventId] = await dispatcher.deliver({ type: 'nobody.listens', receivedAt: old() });
    const replaying = await fixture.pool.connect();
    let deleting: ReturnType<typeof deleted>;
    try {
      await replaying.query('begin');
      await replaying.query('select id from events where id = $1 for key share', [eventId]);
      deleting = deleted(fixture);
      await expect.poll(() => waiting(replaying)).toBe(1);
      await replaying.query(
        `insert into runs (id, org_id, event_id, source_id, trigger_id, trigger_name, agent_id, agent_name, plan_hash, status,
                           claimable_at, created_at, replay_id)
         select $2, org_id, id, 'src', 'trg', 't', 'a', 'a', '\\x00', 'queued', now() + interval '1 day', now(), 'fix-42'
         from events where id = $1`,
        [eventId, idAt(new Date())],
      );
      await replaying.query('commit');
    } finally {
      replaying.release();
    }
    expect(await deleting).toMatchObject({ events: 0 });
    expect(await left(fixture)).toMatchObject({ events: 1, runs: 1 });
  });

  it('is on, and says what it has deleted', async () => {
    await using fixture = await createFixture();
    const metrics = createMetrics();
    await insert(fixture, { prefix: 'old', count: 3, at: old() });
    await fixture.start({ config: { retention: { ...testConfig.retention, everyMs: 20 } }, deps: { metrics } });
    await expect
      .poll(() => left(fixture), { timeout: 10_000 })
      .toEqual({ runs: 0, steps: 0, events: 0, duplicates: 0 });
    await expect
      .poll(async () => (await metrics.expose()).body)
      .toMatch(/dispatcher_retention_deleted_total{table="steps"} 6/);
  });
});
