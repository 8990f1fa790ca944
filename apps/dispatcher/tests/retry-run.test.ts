import { ReplayState, RetryConfiguration, RunStatus, TriggerConfigurationSchema } from '@agent-platform/proto';
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { configurationOf, type Configured } from './support/configuration.ts';
import { blockedCall, mcpFault } from './support/fake-mcp.ts';
import { containing, createFixture, down, type Fixture } from './support/fixture.ts';
import { runCount } from './support/replays.ts';

const CURRENT = RetryConfiguration.CURRENT;

const changed = (): Configured =>
  configurationOf({
    trigger: { action: { case: 'toolCall', value: { tool: 'save', arguments: '{"id":"changed"}' } } },
  });

const deleted = (): Configured => ({ ...configurationOf(), triggers: [] });

/** A run that has failed, of a server that works again. */
async function failedRun(fixture: Fixture) {
  fixture.mcp.onCall = () => ({ isError: true, content: [] });
  const [eventId] = await (await fixture.start()).deliver({});
  const run = await fixture.finished(eventId!);
  expect(run.status).toBe(RunStatus.FAILED);
  fixture.mcp.onCall = () => ({ content: [{ type: 'text', text: 'done' }] });
  return run;
}

const idsOf = ({ mcp }: Fixture) => mcp.calls.map((call) => call.arguments['id']);

describe('retrying a run', () => {
  it('starts a new one that does what it did, whatever has become of the trigger; the old one stays', async () => {
    await using fixture = await createFixture();
    const old = await failedRun(fixture);
    fixture.configuration = changed();
    const { run } = await fixture.runs.retryRun({ run: old.id });
    const { eventId, triggerId, trigger, agent } = old;
    expect(run).toMatchObject({ eventId, triggerId, trigger, agent, retryOf: old.id, replayOf: old.id });
    const again = await fixture.reached(run!.id, RunStatus.SUCCEEDED);
    expect(again.steps).toHaveLength(2);
    expect(idsOf(fixture)).toEqual(['inv-1', 'inv-1']);
    expect((await fixture.runs.getRun({ run: old.id })).run).toEqual(old);
    expect((await fixture.runs.listRuns({ replayId: run!.replayId })).runs).toMatchObject([{ retryOf: old.id }]);
  });

  it('makes its calls with idempotency keys of the new run', async () => {
    await using fixture = await createFixture();
    const old = await failedRun(fixture);
    const { run } = await fixture.runs.retryRun({ run: old.id });
    await fixture.reached(run!.id, RunStatus.SUCCEEDED);
    const keys = fixture.mcp.calls.map(({ idempotencyKey }) => idempotencyKey);
    expect(keys).toEqual([`${old.id}:call`, `${run!.id}:call`]);
  });

  it('does what the trigger does now when that is asked for', async () => {
    await using fixture = await createFixture();
    const old = await failedRun(fixture);
    fixture.configuration = changed();
    const { run } = await fixture.runs.retryRun({ run: old.id, configuration: CURRENT });
    await fixture.reached(run!.id, RunStatus.SUCCEEDED);
    expect(run).toMatchObject({ retryOf: old.id });
    expect(idsOf(fixture)).toEqual(['inv-1', 'changed']);
  });

  it('starts only the run of its trigger, whatever else listens by now', async () => {
    await using fixture = await createFixture();
    const old = await failedRun(fixture);
    const { triggers, ...rest } = configurationOf();
    const newer = create(TriggerConfigurationSchema, { ...triggers[0]!, id: 'trg_2', name: 'second' });
    fixture.configuration = { ...rest, triggers: [...triggers, newer] };
    const { run } = await fixture.runs.retryRun({ run: old.id, configuration: CURRENT });
    expect(run).toMatchObject({ triggerId: 'trg_1' });
    expect(await runCount(fixture)).toBe(2);
  });

  it.each([
    ['is deleted', deleted(), 'does not exist any more'],
    ['is paused', configurationOf({ trigger: { paused: true } }), 'is paused'],
    ['listens to something else', configurationOf({ trigger: { eventType: 'a.b' } }), 'listens to a.b'],
    ['has lost its agent', { ...configurationOf(), agents: [] }, 'agent agt_1 does not exist'],
  ])('of a trigger that %s works as it was, and is refused with the configuration of now', async (_name, now, why) => {
    await using fixture = await createFixture();
    const old = await failedRun(fixture);
    fixture.configuration = now;
    const retrying = fixture.runs.retryRun({ run: old.id, configuration: CURRENT, replayId: 'fix-42' });
    await expect(retrying).rejects.toMatchObject({
      kind: 'failed_precondition',
      code: 'trigger_does_not_match',
      message: containing(why),
    });
    expect(await runCount(fixture)).toBe(1);
    // Nothing was started, so the id is still free.
    const { run } = await fixture.runs.retryRun({ run: old.id, replayId: 'fix-42' });
    await fixture.reached(run!.id, RunStatus.SUCCEEDED);
  });

  it('as it was needs no configuration', async () => {
    await using fixture = await createFixture();
    const old = await failedRun(fixture);
    fixture.configuration = down('management-api');
    await fixture.start();
    const { run } = await fixture.runs.retryRun({ run: old.id });
    await fixture.reached(run!.id, RunStatus.SUCCEEDED);
    const retrying = fixture.runs.retryRun({ run: old.id, configuration: CURRENT });
    await expect(retrying).rejects.toMatchObject({ kind: 'unavailable', code: 'configuration_unavailable' });
  });

  it('works for runs that have succeeded, were cancelled, or are retries themselves', async () => {
    await using fixture = await createFixture();
    const old = await failedRun(fixture);
    const first = (await fixture.runs.retryRun({ run: old.id })).run!;
    await fixture.reached(first.id, RunStatus.SUCCEEDED);
    const second = (await fixture.runs.retryRun({ run: first.id })).run!;
    expect(second).toMatchObject({ retryOf: first.id, replayOf: old.id });
    await fixture.pool.query(`update runs set status = 'cancelled' where id = $1`, [old.id]);
    expect((await fixture.runs.retryRun({ run: old.id })).run).toMatchObject({ retryOf: old.id });
  });

  it('is refused while the run goes on', async () => {
    await using fixture = await createFixture();
    const { onCall, started, answer } = blockedCall();
    fixture.mcp.onCall = onCall;
    const [eventId] = await (await fixture.start()).deliver({});
    await started;
    const { id } = (await fixture.runs.listRuns({ eventId: eventId! })).runs[0]!;
    await expect(fixture.runs.retryRun({ run: id })).rejects.toMatchObject({
      kind: 'failed_precondition',
      code: 'run_state_wrong',
      message: containing('is running: only a run that has ended'),
    });
    answer({ content: [] });
    await fixture.reached(id, RunStatus.SUCCEEDED);
    expect(await runCount(fixture)).toBe(1);
  });

  it('is refused while nobody knows what became of a call', async () => {
    await using fixture = await createFixture();
    fixture.mcp.onCall = () => {
      throw mcpFault.timeout();
    };
    const [eventId] = await (await fixture.start()).deliver({});
    const { id } = await fixture.finished(eventId!);
    await expect(fixture.runs.retryRun({ run: id })).rejects.toMatchObject({
      code: 'run_state_wrong',
      message: containing('resolve it'),
    });
  });

  it.each([
    ['of another tenant', 'org_other', (id: string) => id],
    ['that there never was', 'org_test', () => 'run_none'],
  ])('is not found %s', async (_name, orgId, idOf) => {
    await using fixture = await createFixture();
    const old = await failedRun(fixture);
    const retrying = fixture.as(orgId).runs.retryRun({ run: idOf(old.id) });
    await expect(retrying).rejects.toMatchObject({ kind: 'not_found', code: 'run_not_found' });
    expect(await runCount(fixture)).toBe(1);
  });

  it('is done once under one replay id, also at the same time', async () => {
    await using fixture = await createFixture();
    const old = await failedRun(fixture);
    const retry = (over: object = {}) => fixture.runs.retryRun({ run: old.id, replayId: 'fix-42', ...over });
    const answers = await Promise.all([retry(), retry(), retry({ configuration: RetryConfiguration.ORIGINAL })]);
    const ids = new Set([...answers, await retry()].map(({ run }) => run!.id));
    expect(ids.size).toBe(1);
    expect(await runCount(fixture)).toBe(2);
    expect((await retry({ replayId: 'fix-43' })).run!.id).not.toBe([...ids][0]);
    const { replay } = await fixture.replays.getReplay({ replay: 'fix-42' });
    const request = { case: 'retryRun', value: { run: old.id, configuration: RetryConfiguration.ORIGINAL } };
    const counts = { eventCount: 1, runCount: 1, startedCount: 1 };
    expect(replay).toMatchObject({ request, ...counts, state: ReplayState.SUCCEEDED, requestedBy: 'tester' });
  });

  it('is refused under the id of another request', async () => {
    await using fixture = await createFixture();
    const old = await failedRun(fixture);
    await fixture.runs.retryRun({ run: old.id, replayId: 'fix-42' });
    const taken = { kind: 'already_exists', code: 'replay_id_taken' };
    const { eventId, id } = old;
    await expect(fixture.events.replayEvent({ event: eventId, replayId: 'fix-42' })).rejects.toMatchObject(taken);
    const otherwise = { run: id, configuration: CURRENT, replayId: 'fix-42' };
    await expect(fixture.runs.retryRun(otherwise)).rejects.toMatchObject(taken);
    await expect(fixture.runs.retryRun({ run: id, replayId: 'no spaces' })).rejects.toMatchObject({
      kind: 'invalid_argument',
    });
  });

  it('keeps its plan from retention', async () => {
    await using fixture = await createFixture();
    const old = await failedRun(fixture);
    await fixture.pool.query(`update plans set used_at = now() - interval '90 days'`);
    await fixture.runs.retryRun({ run: old.id });
    const { rows } = await fixture.pool.query(`select used_at > now() - interval '1 minute' as fresh from plans`);
    expect(rows).toEqual([{ fresh: true }]);
  });

  it('says what to do when the plan is gone, or the event', async () => {
    await using fixture = await createFixture();
    const old = await failedRun(fixture);
    await fixture.pool.query('delete from plans');
    await expect(fixture.runs.retryRun({ run: old.id, replayId: 'fix-42' })).rejects.toMatchObject({
      kind: 'failed_precondition',
      code: 'plan_deleted',
      message: containing('"current"'),
    });
    const { run } = await fixture.runs.retryRun({ run: old.id, replayId: 'fix-42', configuration: CURRENT });
    await fixture.reached(run!.id, RunStatus.SUCCEEDED);
    await fixture.pool.query('delete from events');
    for (const configuration of [RetryConfiguration.ORIGINAL, CURRENT]) {
      await expect(fixture.runs.retryRun({ run: old.id, configuration })).rejects.toMatchObject({
        kind: 'failed_precondition',
        code: 'event_deleted',
        message: containing('have it sent again'),
      });
    }
    expect(await runCount(fixture)).toBe(2);
  });
});
