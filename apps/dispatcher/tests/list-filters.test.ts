import { RunStatus, SourceConfigurationSchema, type TriggerConfigurationSchema } from '@agent-platform/proto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { configurationOf, SOURCE } from './support/configuration.ts';
import { createFixture, type Fixture } from './support/fixture.ts';
import { at, insertEvents, range } from './support/replays.ts';
import { createRest } from './support/rest.ts';

type Trigger = MessageInitShape<typeof TriggerConfigurationSchema>;

/** Two sources, two agents, a trigger for each pair; events of the pairs in turns, one a second from the epoch on. */
async function withRuns(): Promise<Fixture> {
  const configuration = configurationOf();
  const [agent] = configuration.agents;
  const [trigger] = configuration.triggers;
  configuration.sources.push(create(SourceConfigurationSchema, { id: 'src_crm', name: 'crm' }));
  configuration.agents.push({ ...agent!, id: 'agt_2', name: 'chief' });
  const more = (over: Trigger) => configuration.triggers.push({ ...trigger!, ...(over as object) });
  more({ id: 'trg_2', name: 'crm-clerk', sourceId: 'src_crm' });
  more({ id: 'trg_3', name: 'crm-chief', sourceId: 'src_crm', agentId: 'agt_2' });
  const fixture = await createFixture(configuration);
  fixture.mcp.onCall = ({ arguments: { id } }) => ({ isError: id === 'bad', content: [] });
  const dispatcher = await fixture.start();
  for (let n = 0; n < 6; n++) {
    const receivedAt = new Date(n * 1_000);
    const sourceId = n % 2 === 0 ? SOURCE : 'src_crm';
    const payload = JSON.stringify({ invoice_id: n < 2 ? 'bad' : 'good' });
    await dispatcher.deliver({ id: `evt_${n}`, sourceId, receivedAt, payload, idempotencyKey: `key-${n}` });
  }
  for (let n = 0; n < 6; n += 2) await fixture.finished(`evt_${n}`);
  return fixture;
}

describe('runs', () => {
  it('are found by trigger, agent, source, event, and all of them together', async () => {
    await using fixture = await withRuns();
    const find = async (filter: Parameters<Fixture['runs']['listRuns']>[0]) =>
      (await fixture.runs.listRuns(filter)).runs.map(({ eventId, triggerId }) => `${eventId} ${triggerId}`).toSorted();
    const billing = ['evt_0 trg_1', 'evt_2 trg_1', 'evt_4 trg_1'];
    expect(await find({ trigger: 'trg_1' })).toEqual(billing);
    expect(await find({ triggerId: 'trg_1' })).toEqual(billing);
    expect(await find({ webhookSource: SOURCE })).toEqual(billing);
    expect(await find({ agent: 'agt_2' })).toEqual(['evt_1 trg_3', 'evt_3 trg_3', 'evt_5 trg_3']);
    expect(await find({ webhookSource: 'src_crm' })).toHaveLength(6);
    expect(await find({ webhookSource: 'src_crm', agent: 'agt_1' })).toEqual([
      'evt_1 trg_2',
      'evt_3 trg_2',
      'evt_5 trg_2',
    ]);
    expect(await find({ eventId: 'evt_3', agent: 'agt_2' })).toEqual(['evt_3 trg_3']);
    expect(await find({ webhookSource: SOURCE, agent: 'agt_2' })).toEqual([]);
    expect(await find({ trigger: 'trg_1\0' })).toEqual([]);
  });

  it('of a replay are found by source too', async () => {
    await using fixture = await withRuns();
    const { replayId } = await fixture.events.replayEvent({ event: 'evt_1' });
    const { runs } = await fixture.runs.listRuns({ replayId, webhookSource: 'src_crm' });
    expect(runs.map(({ triggerId }) => triggerId).toSorted()).toEqual(['trg_2', 'trg_3']);
  });

  it('are found by any of several statuses', async () => {
    await using fixture = await withRuns();
    const find = async (...status: RunStatus[]) =>
      (await fixture.runs.listRuns({ trigger: 'trg_1', status })).runs.map(({ eventId }) => eventId);
    expect(await find(RunStatus.FAILED)).toEqual(['evt_0']);
    expect(await find(RunStatus.SUCCEEDED)).toEqual(['evt_4', 'evt_2']);
    expect(await find(RunStatus.FAILED, RunStatus.SUCCEEDED)).toEqual(['evt_4', 'evt_2', 'evt_0']);
    expect(await find(RunStatus.CANCELLED, RunStatus.OUTCOME_UNKNOWN)).toEqual([]);
    await expect(find(RunStatus.UNSPECIFIED)).rejects.toMatchObject({ kind: 'invalid_argument' });
  });

  it('are found by when they were created, to the millisecond, on every page', async () => {
    await using fixture = await withRuns();
    const { runs } = await fixture.runs.listRuns({});
    for (const { createdAt } of runs) {
      const from = await allRuns(fixture, { createdFrom: createdAt! });
      const before = await allRuns(fixture, { createdBefore: createdAt! });
      const time = (run: { createdAt?: typeof createdAt }) =>
        run.createdAt!.seconds * 1_000n + BigInt(run.createdAt!.nanos / 1e6);
      expect(from).toEqual(runs.filter((run) => time(run) >= time({ createdAt })).map(({ id }) => id));
      expect(before).toEqual(runs.filter((run) => time(run) < time({ createdAt })).map(({ id }) => id));
    }
  });

  it('that are created meanwhile move nothing from page to page', async () => {
    await using fixture = await withRuns();
    const before = (await fixture.runs.listRuns({})).runs.map(({ id }) => id);
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await fixture.runs.listRuns({ pageSize: 2, pageToken });
      seen.push(...page.runs.map(({ id }) => id));
      pageToken = page.nextPageToken;
      await fixture.events.replayEvent({ event: 'evt_0' });
    } while (pageToken);
    expect(seen).toEqual(before);
  });
});

async function allRuns(fixture: Fixture, filter: Parameters<Fixture['runs']['listRuns']>[0]): Promise<string[]> {
  const ids: string[] = [];
  let pageToken = '';
  do {
    const page = await fixture.runs.listRuns({ ...filter, pageSize: 2, pageToken });
    ids.push(...page.runs.map(({ id }) => id));
    pageToken = page.nextPageToken;
  } while (pageToken);
  return ids;
}

describe('events', () => {
  it('are found by source, idempotency key and type', async () => {
    await using fixture = await withRuns();
    const find = async (filter: Parameters<Fixture['events']['listEvents']>[0]) =>
      (await fixture.events.listEvents(filter)).events.map(({ id }) => id);
    expect(await find({ webhookSource: 'src_crm' })).toEqual(['evt_5', 'evt_3', 'evt_1']);
    expect(await find({ webhookSourceId: 'src_crm' })).toEqual(['evt_5', 'evt_3', 'evt_1']);
    expect(await find({ idempotencyKey: 'key-2' })).toEqual(['evt_2']);
    expect(await find({ idempotencyKey: 'key-2', webhookSource: 'src_crm' })).toEqual([]);
    expect(await find({ eventType: 'invoice.uploaded' })).toHaveLength(6);
    expect(await find({ eventType: 'invoice.uploaded\0' })).toEqual([]);
  });

  it('are found by when they were received, page by page, the first moment included and the last not', async () => {
    await using fixture = await createFixture();
    await fixture.start();
    await insertEvents(fixture, 3_000);
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await fixture.events.listEvents({
        receivedFrom: at(1),
        receivedBefore: at(2),
        pageSize: 300,
        pageToken,
      });
      seen.push(...page.events.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken);
    const { rows } = await fixture.pool.query<{ id: string }>(
      `select id from events where received_at = (select min(received_at) from events where received_at > (select min(received_at) from events))
       order by id desc`,
    );
    expect(seen).toEqual(rows.map(({ id }) => id));
    const ofSource = await fixture.events.listEvents({ ...range, webhookSource: 'src_other' });
    expect(ofSource.events).toHaveLength(1);
    // Nothing is stored between two milliseconds, but a sender's clock may say such a time.
    const justBehind = { ...at(1), nanos: at(1).nanos + 1 };
    expect((await fixture.events.listEvents({ receivedFrom: justBehind, receivedBefore: at(2) })).events).toEqual([]);
    expect((await fixture.events.listEvents({ receivedFrom: at(1), receivedBefore: justBehind })).events).toHaveLength(
      50,
    );
  });
});

it('a filter that cannot be is refused with its field', async () => {
  await using fixture = await createFixture();
  await using rest = await createRest(await fixture.start());
  const [early, late] = ['2026-11-26T08:00:00Z', '2026-11-26T09:00:00Z'];
  for (const [query, field] of [
    [`events?received_from=${late}&received_before=${early}`, 'received_from'],
    [`events?received_from=${early}&received_before=${early}`, 'received_from'],
    ['events?received_from=yesterday', 'received_from'],
    ['events?webhook_source=a&webhook_source_id=b', 'webhook_source'],
    [`runs?created_from=${late}&created_before=${early}`, 'created_from'],
    ['runs?created_before=26.11.2026', 'created_before'],
    ['runs?status=failed&status=exploded', 'status[1]'],
    ['runs?trigger=a&trigger_id=b', 'trigger'],
  ]) {
    expect(await rest.get(query!), query).toMatchObject([400, { errors: [{ field }] }]);
  }
  expect(await rest.get(`runs?created_from=0001-01-01T00:00:00Z&created_before=9999-12-31T23:59:59Z`)).toMatchObject([
    200,
    { runs: [] },
  ]);
});
