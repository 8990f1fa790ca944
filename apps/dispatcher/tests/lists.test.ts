import { ListRunsResponseSchema } from '@agent-platform/proto';
import { toBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { createFixture } from './support/fixture.ts';
import { insertEvents } from './support/replays.ts';
import { createRest } from './support/rest.ts';

it('a list shows of an event how much there is of it; the event shows what', async () => {
  await using fixture = await createFixture();
  const dispatcher = await fixture.start();
  await using rest = await createRest(dispatcher);
  const event = { id: 'evt_repeated', payload: '{"invoice_id":"x"}' };
  await dispatcher.deliver({ ...event, deliveryId: 'dlv_1' });
  await dispatcher.deliver({ ...event, deliveryId: 'dlv_2' });
  await dispatcher.deliver({ ...event, deliveryId: 'dlv_3', payload: '{}', receivedAt: new Date(Date.now() + 1_000) });
  await fixture.finished(event.id);
  await fixture.events.replayEvent({ event: event.id });

  const [, { events }] = await rest.get('events');
  expect(events).toMatchObject([{ id: event.id, undecided: false, duplicate_count: 2, run_count: 2 }]);
  for (const name of ['duplicates', 'decisions', 'payload']) expect((events as object[])[0]).not.toHaveProperty(name);
  expect(await rest.get(`events/${event.id}`)).toMatchObject([
    200,
    {
      duplicate_count: 2,
      run_count: 2,
      duplicates: [{ content_differs: false }, { content_differs: true }],
      decisions: [{ trigger: 'on-invoice', matched: true }],
    },
  ]);
});

it('a list shows runs without steps, not with none', async () => {
  await using fixture = await createFixture();
  const dispatcher = await fixture.start();
  await using rest = await createRest(dispatcher);
  const [eventId] = await dispatcher.deliver({});
  const { id } = await fixture.finished(eventId!);
  const [, { runs }] = await rest.get('runs');
  expect(runs).toMatchObject([{ id, status: 'succeeded' }]);
  expect((runs as object[])[0]).not.toHaveProperty('steps');
  expect(await rest.get(`runs/${id}`)).toMatchObject([200, { steps: [{}, {}] }]);
});

it('the counts of an event that is repeated without end, end', async () => {
  await using fixture = await createFixture();
  await fixture.start();
  await insertEvents(fixture, 1);
  await fixture.pool.query(
    `insert into event_duplicates (event_id, delivery_id, org_id, received_at)
     select e.id, 'dlv_' || i, e.org_id, now() from events e, generate_series(1, 1001) as i`,
  );
  const { events } = await fixture.events.listEvents({});
  expect(events).toMatchObject([{ duplicateCount: 1_000, runCount: 0 }]);
});

it('a list of runs with large outputs has pages that a gRPC client takes, and all of them in the end', async () => {
  await using fixture = await createFixture();
  const dispatcher = await fixture.start();
  const ids = await dispatcher.deliver(...Array.from({ length: 12 }, () => ({})));
  for (const id of ids) await fixture.finished(id);
  await fixture.pool.query(`update runs set output = repeat('\u00fc', 300000)`);
  const seen: string[] = [];
  let pageToken = '';
  do {
    const page = await fixture.runs.listRuns({ pageSize: 1_000, pageToken });
    expect(toBinary(ListRunsResponseSchema, page).length).toBeLessThan(4 * 1024 * 1024);
    seen.push(...page.runs.map(({ eventId }) => eventId));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect(seen).toHaveLength(ids.length);
  expect(new Set(seen)).toEqual(new Set(ids));
});
