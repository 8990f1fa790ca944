import { ReplayState, ResolutionOutcome, RunStatus } from '@agent-platform/proto';
import { describe, expect, it } from 'vitest';
import { configurationOf } from './support/configuration.ts';
import { containing, createFixture, down } from './support/fixture.ts';
import { at, ended, range, runCount, withEvents } from './support/replays.ts';

describe('replaying an event', () => {
  it('starts a new run with the configuration of now, and shows of which run it is a replay', async () => {
    await using fixture = await createFixture();
    const [eventId] = await (await fixture.start()).deliver({});
    const original = await fixture.finished(eventId!);
    const toolCall = { tool: 'save', arguments: '{"id":"changed since"}' };
    fixture.configuration = configurationOf({ trigger: { action: { case: 'toolCall', value: toolCall } } });
    const { replayId, decisions } = await fixture.events.replayEvent({ event: eventId! });
    expect(decisions).toMatchObject([{ triggerId: 'trg_1', matched: true, reason: containing('listens to') }]);
    const run = await fixture.reached(decisions[0]!.runId, RunStatus.SUCCEEDED);
    expect(run).toMatchObject({ eventId, replayId, replayOf: original.id });
    expect(original).toMatchObject({ replayId: '', replayOf: '' });
    expect(fixture.mcp.calls.map((call) => call.arguments['id'])).toEqual(['inv-1', 'changed since']);
    expect((await fixture.runs.listRuns({ replayId })).runs.map(({ id }) => id)).toEqual([run.id]);
    const { event } = await fixture.events.getEvent({ event: eventId! });
    expect(event!.decisions[0]!.runId).toBe(original.id);
  });

  it('starts runs for triggers that are newer than the event', async () => {
    await using fixture = await createFixture(configurationOf({ trigger: { eventType: 'invoice.paid' } }));
    const [eventId] = await (await fixture.start()).deliver({});
    expect((await fixture.events.replayEvent({ event: eventId! })).decisions).toEqual([]);
    fixture.configuration = configurationOf();
    const { decisions } = await fixture.events.replayEvent({ event: eventId! });
    const run = await fixture.reached(decisions[0]!.runId, RunStatus.SUCCEEDED);
    expect(run.replayOf).toBe('');
  });

  it('starts nothing twice under one replay id, also at the same time, and answers the same runs', async () => {
    await using fixture = await createFixture();
    const [eventId] = await (await fixture.start()).deliver({});
    await fixture.finished(eventId!);
    const replay = (replayId: string) => fixture.events.replayEvent({ event: eventId!, replayId });
    const answers = await Promise.all([replay('fix-42'), replay('fix-42'), replay('fix-42')]);
    expect(new Set(answers.map(({ decisions }) => decisions[0]!.runId)).size).toBe(1);
    expect(await replay('fix-42')).toEqual(answers[0]);
    expect((await replay('fix-43')).decisions[0]!.runId).not.toBe(answers[0].decisions[0]!.runId);
    expect(await runCount(fixture)).toBe(3);
    await expect(replay('no spaces')).rejects.toMatchObject({ kind: 'invalid_argument' });
  });

  it('is refused under the id of another replay, which stays what it was', async () => {
    await using fixture = await createFixture();
    const [first, second] = await (await fixture.start()).deliver({}, {});
    await fixture.events.replayEvent({ event: first!, replayId: 'fix-42' });
    const taken = { kind: 'already_exists', code: 'replay_id_taken', message: containing('/api/v1/replays/fix-42') };
    for (const other of [{ event: second! }, { event: first!, trigger: 'on-invoice' }]) {
      await expect(fixture.events.replayEvent({ ...other, replayId: 'fix-42' })).rejects.toMatchObject(taken);
    }
    const ofRange = fixture.events.replayEvents({ ...range, replayId: 'fix-42' });
    await expect(ofRange).rejects.toMatchObject(taken);
    expect((await fixture.runs.listRuns({ replayId: 'fix-42' })).runs).toHaveLength(1);
  });

  it('starts the run of one trigger when it is named, by id or name', async () => {
    await using fixture = await createFixture();
    fixture.configuration = configurationOf();
    const [trigger] = fixture.configuration.triggers;
    fixture.configuration.triggers.push({ ...trigger!, id: 'trg_2', name: 'second' });
    fixture.configuration.triggers.push({ ...trigger!, id: 'trg_3', name: 'third', eventType: 'invoice.paid' });
    const [eventId] = await (await fixture.start()).deliver({});
    const replay = async (name: string) => {
      const { decisions } = await fixture.events.replayEvent({ event: eventId!, trigger: name });
      return decisions.map(({ triggerId, runId }) => [triggerId, runId !== '']);
    };
    expect(await replay('trg_2')).toEqual([['trg_2', true]]);
    expect(await replay('second')).toEqual([['trg_2', true]]);
    expect(await runCount(fixture)).toBe(4);
    expect(await replay('third')).toEqual([['trg_3', false]]);
    await expect(replay('fourth')).rejects.toMatchObject({ kind: 'not_found', code: 'trigger_not_found' });
  });

  it('is refused for an event that repeats another, which it names', async () => {
    await using fixture = await createFixture();
    const content = { contentHash: new Uint8Array(32).fill(1) };
    const [first, second] = await (await fixture.start()).deliver(content, content);
    const replaying = fixture.events.replayEvent({ event: second! });
    await expect(replaying).rejects.toMatchObject({ kind: 'failed_precondition', message: containing(first!) });
  });

  it('finds nothing of another tenant', async () => {
    await using fixture = await createFixture();
    const [eventId] = await (await fixture.start()).deliver({});
    const other = fixture.as('org_other').events;
    await expect(other.replayEvent({ event: eventId! })).rejects.toMatchObject({ code: 'event_not_found' });
    expect(await other.replayEvents({ ...range, dryRun: true })).toMatchObject({ eventCount: 0 });
  });

  it('waits for nobody when the configuration cannot be read', async () => {
    await using fixture = await createFixture();
    const [eventId] = await (await fixture.start()).deliver({});
    await fixture.finished(eventId!);
    fixture.configuration = down('management-api');
    await fixture.start();
    const replaying = fixture.events.replayEvent({ event: eventId! });
    await expect(replaying).rejects.toMatchObject({ kind: 'unavailable', code: 'configuration_unavailable' });
  });
});

describe('replaying a range of events', () => {
  it('starts every run once, whatever the batches and however often it is asked for', async () => {
    await using fixture = await withEvents(1_300);
    const counts = { eventCount: 1_299, runCount: 1_168 };
    const dry = await fixture.events.replayEvents({ ...range, receivedBefore: at(10_000), dryRun: true });
    expect(dry).toMatchObject({ ...counts, startedCount: 0, replayId: '' });
    expect(await runCount(fixture)).toBe(0);
    const request = { ...range, receivedBefore: at(10_000), replayId: 'fix-42' };
    const answers = await Promise.all([fixture.events.replayEvents(request), fixture.events.replayEvents(request)]);
    expect(answers).toMatchObject([counts, counts]);
    const done = { ...counts, state: ReplayState.SUCCEEDED, startedCount: 1_168 };
    expect(await ended(fixture, 'fix-42')).toMatchObject({ id: 'fix-42', ...done });
    expect(await fixture.events.replayEvents(request)).toMatchObject({ replayId: 'fix-42', ...done });
    expect(await runCount(fixture)).toBe(1_168);
    await expect.poll(() => fixture.mcp.calls.length, { timeout: 30_000 }).toBe(1_168);
  });

  it('takes only what was asked for', async () => {
    await using fixture = await withEvents(100);
    fixture.configuration = configurationOf();
    fixture.configuration.triggers.push({ ...fixture.configuration.triggers[0]!, id: 'trg_2', name: 'second' });
    const count = async (over: object) => {
      const { eventCount, runCount } = await fixture.events.replayEvents({ ...range, ...over, dryRun: true });
      return [eventCount, runCount];
    };
    expect(await count({})).toEqual([99, 2 * 88]);
    expect(await count({ eventType: 'invoice.paid' })).toEqual([10, 0]);
    expect(await count({ webhookSourceId: 'src_other' })).toEqual([1, 0]);
    expect(await count({ trigger: 'trg_2' })).toEqual([99, 88]);
    expect(await count({ trigger: 'second' })).toEqual([99, 88]);
    expect(await count({ receivedFrom: at(-1_000), receivedBefore: at(0) })).toEqual([0, 0]);
    await expect(count({ trigger: 'third' })).rejects.toMatchObject({ kind: 'not_found', code: 'trigger_not_found' });
    const backwards = { receivedFrom: at(1), receivedBefore: at(0) };
    await expect(count(backwards)).rejects.toMatchObject({ kind: 'invalid_argument', code: 'range_invalid' });
    await expect(count({ receivedFrom: undefined })).rejects.toMatchObject({ kind: 'invalid_argument' });
  });

  it('is refused beyond 10,000 runs, with the count, and starts nothing', async () => {
    await using fixture = await withEvents(12_000);
    const replaying = fixture.events.replayEvents({ ...range, receivedBefore: at(100_000) });
    await expect(replaying).rejects.toMatchObject({
      kind: 'failed_precondition',
      code: 'replay_too_large',
      message: expect.stringMatching(/11999 events.*10798 runs.*at most 10000/) as unknown,
    });
    expect(await runCount(fixture)).toBe(0);
  });
});

it('a replay can be resolved and keeps its own idempotency key', async () => {
  await using fixture = await createFixture();
  const [eventId] = await (await fixture.start()).deliver({});
  const original = await fixture.finished(eventId!);
  const { decisions } = await fixture.events.replayEvent({ event: eventId! });
  const id = decisions[0]!.runId;
  await fixture.reached(id, RunStatus.SUCCEEDED);
  expect(fixture.mcp.calls.map(({ idempotencyKey }) => idempotencyKey)).toEqual([`${original.id}:call`, `${id}:call`]);
  await fixture.pool.query(`update runs set status = 'outcome_unknown' where id = $1`, [id]);
  const { run } = await fixture.runs.resolveRun({ run: id, outcome: ResolutionOutcome.FAILED });
  expect(run).toMatchObject({ status: RunStatus.FAILED, replayOf: original.id });
});
