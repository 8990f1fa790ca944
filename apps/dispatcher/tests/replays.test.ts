import { ReplayState } from '@agent-platform/proto';
import { transaction } from '@agent-platform/database';
import { describe, expect, it } from 'vitest';
import { configurationOf } from './support/configuration.ts';
import { containing, createFixture, down, type Fixture } from './support/fixture.ts';
import { at, ended, insertEvents, range, runCount, withEvents } from './support/replays.ts';
import { waiting } from './support/waiting.ts';

/** 1,300 events: three batches with 1,168 runs. */
const wanted = { ...range, receivedBefore: at(10_000), replayId: 'fix-42' };

/** With the first batch done and nobody there to do the rest. */
async function interrupted(): Promise<Fixture> {
  const fixture = await createFixture();
  const idle = {
    workers: { concurrency: 1, maxOfTenant: 1_000, leaseMs: 10_000, heartbeatMs: 3_000, pollMs: 60_000, drainMs: 0 },
  };
  const dispatcher = await fixture.start({ config: idle });
  await insertEvents(fixture, 1_300);
  const { state, startedCount } = await fixture.events.replayEvents(wanted);
  expect([state, startedCount]).toEqual([ReplayState.RUNNING, 500]);
  await dispatcher[Symbol.asyncDispose]();
  return fixture;
}

describe('a replay', () => {
  it('that one batch is enough for is over with the answer', async () => {
    await using fixture = await withEvents(100);
    const { replayId, ...answer } = await fixture.events.replayEvents(range);
    const counts = { eventCount: 99, runCount: 88, startedCount: 88, state: ReplayState.SUCCEEDED };
    expect(answer).toMatchObject(counts);
    const { replay } = await fixture.replays.getReplay({ replay: replayId });
    expect(replay).toMatchObject({ id: replayId, ...counts, requestedBy: 'tester' });
    expect(replay!.request).toMatchObject({ case: 'events', value: range });
    expect(replay!.finishedAt).toBeDefined();
  });

  it('goes on in another process from the last batch, and no run is started twice', async () => {
    await using fixture = await interrupted();
    await fixture.start();
    expect(await ended(fixture, 'fix-42')).toMatchObject({ state: ReplayState.SUCCEEDED, startedCount: 1_168 });
    expect(await runCount(fixture)).toBe(1_168);
  });

  it('has one process at work on it, whose batch is undone when it dies', async () => {
    await using fixture = await interrupted();
    const died = transaction(fixture.pool, async (client) => {
      await client.query(`select from replays for update`);
      await client.query(`update replays set position = null, state = 'succeeded'`);
      await fixture.start();
      await insertEvents(fixture, 10, 'org_other');
      const other = await fixture.as('org_other').events.replayEvents({ ...wanted, replayId: 'other' });
      expect(other.state).toBe(ReplayState.SUCCEEDED);
      expect(await waiting(client)).toBe(0);
      await client.query('select pg_terminate_backend(pg_backend_pid())');
    });
    await expect(died).rejects.toThrow();
    expect(await ended(fixture, 'fix-42')).toMatchObject({ state: ReplayState.SUCCEEDED, startedCount: 1_168 });
    expect(await runCount(fixture)).toBe(1_168);
  });

  it('is shared by processes that start together', async () => {
    await using fixture = await interrupted();
    await Promise.all([fixture.start(), fixture.start(), fixture.start()]);
    expect(await ended(fixture, 'fix-42')).toMatchObject({ startedCount: 1_168 });
    expect(await runCount(fixture)).toBe(1_168);
  });

  it('starts only what was counted: no trigger that came later, and none that does not match any more', async () => {
    await using fixture = await interrupted();
    fixture.configuration = configurationOf({ trigger: { id: 'trg_later' } });
    await fixture.start();
    const counts = { state: ReplayState.SUCCEEDED, runCount: 1_168, startedCount: 500 };
    expect(await ended(fixture, 'fix-42')).toMatchObject(counts);
    expect(await runCount(fixture)).toBe(500);
  });

  it('that cannot go on says why, and does when it can', async () => {
    await using fixture = await interrupted();
    const { configuration } = fixture;
    fixture.configuration = down('management-api');
    await fixture.start();
    const get = async () => (await fixture.replays.getReplay({ replay: 'fix-42' })).replay!;
    await expect.poll(get, { timeout: 10_000 }).toMatchObject({
      state: ReplayState.RUNNING,
      error: { code: 'configuration_unavailable', message: containing('configuration') },
    });
    fixture.configuration = configuration;
    await fixture.pool.query('update replays set due_at = now()');
    const done = await ended(fixture, 'fix-42');
    expect(done).toMatchObject({ state: ReplayState.SUCCEEDED, startedCount: 1_168 });
    expect(done.error).toBeUndefined();
  });

  it('is cancelled: what it started stays, nothing more is started, also not by the same request', async () => {
    await using fixture = await interrupted();
    fixture.configuration = down('management-api');
    await fixture.start();
    const cancel = () => fixture.replays.cancelReplay({ replay: 'fix-42' });
    for (const answer of [await cancel(), await cancel()]) {
      expect(answer.replay).toMatchObject({ state: ReplayState.CANCELLED, startedCount: 500 });
    }
    fixture.configuration = configurationOf();
    expect(await fixture.events.replayEvents(wanted)).toMatchObject({
      state: ReplayState.CANCELLED,
      startedCount: 500,
    });
    expect(await runCount(fixture)).toBe(500);
  });

  it('that is over cannot be cancelled', async () => {
    await using fixture = await withEvents(10);
    await fixture.events.replayEvents({ ...range, replayId: 'done' });
    const cancelling = fixture.replays.cancelReplay({ replay: 'done' });
    await expect(cancelling).rejects.toMatchObject({ kind: 'failed_precondition', code: 'replay_state_wrong' });
  });

  it('is refused with another request under the same id, and answered as it is for the same one', async () => {
    await using fixture = await withEvents(100);
    await fixture.events.replayEvents(wanted);
    const taken = { kind: 'already_exists', code: 'replay_id_taken' };
    for (const over of [{ trigger: 'trg_1' }, { receivedBefore: at(9_999) }, { eventType: 'invoice.uploaded' }]) {
      await expect(fixture.events.replayEvents({ ...wanted, ...over })).rejects.toMatchObject(taken);
    }
    fixture.configuration = down('management-api');
    expect(await fixture.events.replayEvents(wanted)).toMatchObject({ startedCount: 88, state: ReplayState.SUCCEEDED });
    expect(await runCount(fixture)).toBe(88);
  });

  it('has its id for its tenant only', async () => {
    await using fixture = await withEvents(10);
    const other = fixture.as('org_other');
    await fixture.events.replayEvents(wanted);
    await expect(other.replays.getReplay({ replay: 'fix-42' })).rejects.toMatchObject({ code: 'replay_not_found' });
    await expect(other.replays.cancelReplay({ replay: 'fix-42' })).rejects.toMatchObject({ code: 'replay_not_found' });
    expect((await other.replays.listReplays({})).replays).toEqual([]);
    await other.events.replayEvents({ ...wanted, trigger: '', eventType: 'x' });
    expect((await other.replays.getReplay({ replay: 'fix-42' })).replay).toMatchObject({ eventCount: 0 });
  });
});

it('replays are listed page by page, newest first', async () => {
  await using fixture = await withEvents(10);
  for (const replayId of ['1', '2', '3']) await fixture.events.replayEvents({ ...range, replayId });
  await fixture.events.replayEvent({ event: 'evt_org_test3', replayId: '4' });
  const first = await fixture.replays.listReplays({ pageSize: 3 });
  const second = await fixture.replays.listReplays({ pageSize: 3, pageToken: first.nextPageToken });
  expect([...first.replays, ...second.replays].map(({ id }) => id)).toEqual(['4', '3', '2', '1']);
  expect(first.replays[0]).toMatchObject({
    request: { case: 'event', value: { event: 'evt_org_test3' } },
    state: ReplayState.SUCCEEDED,
    eventCount: 1,
    runCount: 1,
    startedCount: 1,
  });
  expect(second.nextPageToken).toBe('');
});
