import { ReplayState, RetryConfiguration, RunStatus } from '@agent-platform/proto';
import { describe, expect, it } from 'vitest';
import { configurationOf, SOURCE } from './support/configuration.ts';
import { createFixture, down, testConfig, type Fixture } from './support/fixture.ts';
import { at, ended, runCount } from './support/replays.ts';
import { insertRuns, withRuns } from './support/retries.ts';

const CURRENT = RetryConfiguration.CURRENT;
const range = { createdFrom: at(0), createdBefore: at(20_000) };

/** 1,200 runs that have failed: three batches, of which one is done and nobody is there to do the rest. */
const wanted = { ...range, replayId: 'fix-42' };
async function interrupted(over: object = {}): Promise<Fixture> {
  const fixture = await createFixture();
  const idle = { ...testConfig.workers, concurrency: 1, pollMs: 60_000, drainMs: 0 };
  const dispatcher = await fixture.start({ config: { workers: idle } });
  await insertRuns(fixture, 1_200);
  const { state, runCount, startedCount } = await fixture.runs.retryRuns({ ...wanted, ...over });
  expect([state, runCount, startedCount]).toEqual([ReplayState.RUNNING, 1_200, 500]);
  await dispatcher[Symbol.asyncDispose]();
  return fixture;
}

/** How often runs were retried, by how many there are of which that is so. */
async function retries({ pool }: Fixture): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ times: number; runs: number }>(
    `select times, count(*)::int as runs
     from (select count(r.id)::int as times from runs o left join runs r on r.retry_of = o.id
           where o.replay_id = '' group by o.id) as retried
     group by times`,
  );
  return Object.fromEntries(rows.map(({ times, runs }) => [times, runs]));
}

describe('retrying runs of a time', () => {
  it('counts first, and then starts just what was counted: each run that has failed, once', async () => {
    await using fixture = await withRuns(40);
    await insertRuns(fixture, 10, { from: 40, status: 'succeeded' });
    await insertRuns(fixture, 10, { from: 50, status: 'cancelled' });
    await insertRuns(fixture, 10, { from: 60, status: 'outcome_unknown' });
    const dry = await fixture.runs.retryRuns({ ...range, dryRun: true });
    expect(dry).toMatchObject({ replayId: '', runCount: 40, startedCount: 0, skipped: [] });
    expect(dry.state).toBe(ReplayState.UNSPECIFIED);
    expect(await runCount(fixture)).toBe(70);
    const { replayId, ...answer } = await fixture.runs.retryRuns(range);
    expect(answer).toMatchObject({ runCount: 40, startedCount: 40, state: ReplayState.SUCCEEDED });
    expect(await retries(fixture)).toEqual({ 0: 30, 1: 40 });
    const { replay } = await fixture.replays.getReplay({ replay: replayId });
    const counts = { eventCount: 40, runCount: 40, startedCount: 40 };
    expect(replay).toMatchObject({ request: { case: 'retryRuns', value: range }, ...counts });
    await expect.poll(() => fixture.mcp.calls.length, { timeout: 10_000 }).toBe(40);
    const { runs } = await fixture.runs.listRuns({ replayId, pageSize: 1_000 });
    expect(new Set(runs.map(({ replayOf, retryOf }) => replayOf === retryOf))).toEqual(new Set([true]));
  });

  it('takes only what was asked for', async () => {
    await using fixture = await withRuns(100);
    await insertRuns(fixture, 10, { from: 100, status: 'cancelled' });
    await fixture.pool.query(`update runs set trigger_id = 'trg_2' where event_id in ('evt_1', 'evt_2')`);
    await fixture.pool.query(`update runs set agent_id = 'agt_2' where event_id in ('evt_2', 'evt_3', 'evt_4')`);
    await fixture.pool.query(`update runs set source_id = 'src_2' where event_id = 'evt_5'`);
    const count = async (over: object) => (await fixture.runs.retryRuns({ ...range, ...over, dryRun: true })).runCount;
    const { FAILED, CANCELLED, OUTCOME_UNKNOWN, SUCCEEDED } = RunStatus;
    expect(await count({})).toBe(100);
    expect(await count({ status: [CANCELLED] })).toBe(10);
    expect(await count({ status: [CANCELLED, FAILED] })).toBe(110);
    expect(await count({ trigger: 'trg_2' })).toBe(2);
    expect(await count({ agent: 'agt_2' })).toBe(3);
    expect(await count({ trigger: 'trg_2', agent: 'agt_2' })).toBe(1);
    expect(await count({ webhookSource: 'src_2' })).toBe(1);
    expect(await count({ webhookSource: SOURCE, status: [FAILED] })).toBe(99);
    expect(await count({ trigger: 'trg_1\0' })).toBe(0);
    expect(await count({ createdFrom: at(10), createdBefore: at(20) })).toBe(10);
    const invalid = { kind: 'invalid_argument' };
    for (const status of [OUTCOME_UNKNOWN, SUCCEEDED, RunStatus.RUNNING]) {
      await expect(count({ status: [FAILED, status] })).rejects.toMatchObject(invalid);
    }
    await expect(count({ createdBefore: undefined })).rejects.toMatchObject(invalid);
    await expect(count({ createdFrom: range.createdBefore })).rejects.toMatchObject({ code: 'range_invalid' });
  });

  it('finds nothing of another tenant', async () => {
    await using fixture = await withRuns(10);
    const other = fixture.as('org_other').runs;
    expect(await other.retryRuns(range)).toMatchObject({ runCount: 0, startedCount: 0, state: ReplayState.SUCCEEDED });
    expect(await runCount(fixture)).toBe(10);
  });

  it('leaves out what was run again since, however that ended', async () => {
    await using fixture = await withRuns(10);
    await fixture.runs.retryRuns({ ...range, createdBefore: at(3) });
    await fixture.events.replayEvent({ event: 'evt_5' });
    const dry = await fixture.runs.retryRuns({ ...range, dryRun: true });
    expect(dry).toMatchObject({
      runCount: 6,
      skipped: [{ reason: 'a newer run of the same event and trigger is there', runCount: 4 }],
    });
    expect(await fixture.runs.retryRuns(range)).toMatchObject({ runCount: 6, startedCount: 6 });
    expect(await fixture.runs.retryRuns(range)).toMatchObject({ runCount: 0, startedCount: 0 });
    expect(await runCount(fixture)).toBe(20);
  });

  it('retries the retry that has failed, and not once more what it retried', async () => {
    await using fixture = await withRuns(2);
    fixture.mcp.onCall = () => ({ isError: true, content: [] });
    const { replayId } = await fixture.runs.retryRuns(range);
    await expect
      .poll(async () => (await fixture.runs.listRuns({ replayId, status: [RunStatus.FAILED] })).runs.length)
      .toBe(2);
    const later = { ...range, createdBefore: { seconds: range.createdBefore.seconds + 86_400n, nanos: 0 } };
    const again = await fixture.runs.retryRuns(later);
    expect(again).toMatchObject({ runCount: 2, startedCount: 2 });
    const { runs } = await fixture.runs.listRuns({ replayId: again.replayId });
    const retried = (await fixture.runs.listRuns({ replayId })).runs.map(({ id }) => id);
    expect(runs.map(({ retryOf }) => retryOf).toSorted()).toEqual(retried.toSorted());
  });

  it('starts nothing twice when it is asked for by several at once', async () => {
    await using fixture = await withRuns(300);
    const answers = await Promise.all([1, 2, 3, 4].map(() => fixture.runs.retryRuns(range)));
    expect(answers.reduce((sum, { startedCount }) => sum + startedCount, 0)).toBe(300);
    expect(await retries(fixture)).toEqual({ 1: 300 });
  });

  it('does what the triggers do now, and says which of them do not, when that is asked for', async () => {
    await using fixture = await withRuns(20);
    await fixture.pool.query(
      `update runs set trigger_id = 'trg_gone', trigger_name = 'former' where event_id in ('evt_1', 'evt_2')`,
    );
    await fixture.pool.query(`update events set event_type = 'invoice.paid' where id = 'evt_3'`);
    const toolCall = { tool: 'save', arguments: '{"id":"changed"}' };
    fixture.configuration = configurationOf({ trigger: { action: { case: 'toolCall', value: toolCall } } });
    const dry = await fixture.runs.retryRuns({ ...range, configuration: CURRENT, dryRun: true });
    expect(dry.runCount).toBe(17);
    expect(dry.skipped.map(({ reason, runCount }) => `${runCount}: ${reason}`).toSorted()).toEqual([
      '1: trigger on-invoice: listens to invoice.uploaded, the event is invoice.paid',
      '2: trigger former: does not exist any more',
    ]);
    const { startedCount } = await fixture.runs.retryRuns({ ...range, configuration: CURRENT });
    expect(startedCount).toBe(17);
    await expect.poll(() => fixture.mcp.calls.length, { timeout: 10_000 }).toBe(17);
    expect(new Set(fixture.mcp.calls.map((call) => call.arguments['id']))).toEqual(new Set(['changed']));
  });

  it('is refused beyond 10,000 runs, with the count, and starts nothing', async () => {
    await using fixture = await withRuns(10_001);
    await expect(fixture.runs.retryRuns(wanted)).rejects.toMatchObject({
      kind: 'failed_precondition',
      code: 'replay_too_large',
      message: expect.stringMatching(/10001 runs.*at most 10000/) as unknown,
    });
    expect(await runCount(fixture)).toBe(10_001);
    expect((await fixture.runs.retryRuns({ ...wanted, dryRun: true })).runCount).toBe(10_001);
    await expect(fixture.replays.getReplay({ replay: 'fix-42' })).rejects.toMatchObject({ code: 'replay_not_found' });
  });
});

describe('a retry of many runs', () => {
  it('goes on in other processes from the last batch, and no run is started twice', async () => {
    await using fixture = await interrupted();
    await Promise.all([fixture.start(), fixture.start()]);
    const counts = { state: ReplayState.SUCCEEDED, runCount: 1_200, startedCount: 1_200 };
    expect(await ended(fixture, 'fix-42')).toMatchObject(counts);
    expect(await fixture.runs.retryRuns(wanted)).toMatchObject({ replayId: 'fix-42', ...counts });
    expect(await retries(fixture)).toEqual({ 1: 1_200 });
  });

  it('starts only what was counted, and not what failed later or was retried meanwhile', async () => {
    await using fixture = await interrupted();
    await insertRuns(fixture, 10, { from: 1_200 });
    await fixture.start();
    await fixture.runs.retryRuns({ ...range, createdFrom: at(1_190) });
    const counts = { state: ReplayState.SUCCEEDED, runCount: 1_200 };
    expect(await ended(fixture, 'fix-42')).toMatchObject(counts);
    expect(await retries(fixture)).toEqual({ 1: 1_210 });
  });

  it('of what was done before goes on without the configuration', async () => {
    await using fixture = await interrupted();
    fixture.configuration = down('management-api');
    await fixture.start();
    expect(await ended(fixture, 'fix-42')).toMatchObject({ state: ReplayState.SUCCEEDED, startedCount: 1_200 });
  });

  it('with the configuration of now waits for it, and leaves out what does not match any more', async () => {
    await using fixture = await interrupted({ configuration: CURRENT });
    fixture.configuration = down('management-api');
    await fixture.start();
    const get = async () => (await fixture.replays.getReplay({ replay: 'fix-42' })).replay!;
    const error = { code: 'configuration_unavailable' };
    await expect.poll(get, { timeout: 10_000 }).toMatchObject({ state: ReplayState.RUNNING, error });
    fixture.configuration = configurationOf({ trigger: { paused: true } });
    await fixture.pool.query('update replays set due_at = now()');
    expect(await ended(fixture, 'fix-42')).toMatchObject({ state: ReplayState.SUCCEEDED, startedCount: 500 });
  });

  it('is cancelled: what it started stays, and nothing more is started', async () => {
    await using fixture = await interrupted({ configuration: CURRENT });
    fixture.configuration = down('management-api');
    await fixture.start();
    const { replay } = await fixture.replays.cancelReplay({ replay: 'fix-42' });
    const cancelled = { state: ReplayState.CANCELLED, startedCount: 500 };
    expect(replay).toMatchObject(cancelled);
    expect(await fixture.runs.retryRuns({ ...wanted, configuration: CURRENT })).toMatchObject(cancelled);
    expect(await runCount(fixture)).toBe(1_700);
  });

  it('is refused under the id of another request', async () => {
    await using fixture = await withRuns(10);
    await fixture.runs.retryRuns(wanted);
    const taken = { kind: 'already_exists', code: 'replay_id_taken' };
    for (const over of [{ trigger: 'trg_1' }, { configuration: CURRENT }, { createdBefore: at(9_999) }]) {
      await expect(fixture.runs.retryRuns({ ...wanted, ...over })).rejects.toMatchObject(taken);
    }
    expect(await runCount(fixture)).toBe(20);
  });
});
