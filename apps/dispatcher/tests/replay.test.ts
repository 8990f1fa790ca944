import { ResolutionOutcome, RunStatus } from '@agent-platform/proto';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { configurationOf, ORG, SOURCE } from './support/configuration.ts';
import { containing, createFixture, down, type Fixture } from './support/fixture.ts';

const at = (ms: number) => timestampFromDate(new Date(1_700_000_000_000 + ms));
const range = { receivedFrom: at(0), receivedBefore: at(1_000) };

async function runCount({ pool }: Fixture): Promise<number> {
  return (await pool.query<{ count: number }>('select count(*)::int as count from runs')).rows[0]!.count;
}

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
  /** A thousand in every millisecond: every tenth of another type, one from another source, one a duplicate. */
  async function withEvents(count: number) {
    const fixture = await createFixture();
    await fixture.start();
    await fixture.pool.query(
      `insert into events (id, org_id, source_id, event_type, payload, delivery_id, received_at, decisions, duplicate_of)
       select 'evt_' || i, $1, case i when 1 then 'src_other' else $2 end,
              case i % 10 when 0 then 'invoice.paid' else 'invoice.uploaded' end, '{"invoice_id":"x"}', 'dlv_' || i,
              to_timestamp(1700000000 + i / 1e6), '[]', case i when 2 then 'evt_3' end
       from generate_series(0, $3 - 1) as i`,
      [ORG, SOURCE, count],
    );
    return fixture;
  }

  it('starts every run once, whatever the batches and however often it is asked for', async () => {
    await using fixture = await withEvents(1_300);
    const counts = { eventCount: 1_299, runCount: 1_168 };
    const dry = await fixture.events.replayEvents({ ...range, receivedBefore: at(10_000), dryRun: true });
    expect(dry).toMatchObject({ ...counts, startedCount: 0, replayId: '' });
    expect(await runCount(fixture)).toBe(0);
    const request = { ...range, receivedBefore: at(10_000), replayId: 'fix-42' };
    const answers = await Promise.all([fixture.events.replayEvents(request), fixture.events.replayEvents(request)]);
    expect(answers).toMatchObject([counts, counts]);
    expect(answers[0].startedCount + answers[1].startedCount).toBe(1_168);
    expect(await fixture.events.replayEvents(request)).toMatchObject({ startedCount: 0, replayId: 'fix-42' });
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
