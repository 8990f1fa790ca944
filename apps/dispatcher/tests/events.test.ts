import { AppError } from '@agent-platform/errors';
import { newId } from '@agent-platform/ids';
import { createMetrics } from '@agent-platform/telemetry';
import { describe, expect, it } from 'vitest';
import { configurationOf } from './support/configuration.ts';
import { createFixture, down, testConfig, type Fixture } from './support/fixture.ts';

const HASH = Buffer.alloc(32, 7);
const at = (ms: number) => new Date(1_700_000_000_000 + ms);

async function countOf(fixture: Fixture, table: 'events' | 'runs' | 'event_duplicates'): Promise<number> {
  return (await fixture.pool.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]!.n;
}

describe('a batch of events', () => {
  it('is stored with the decisions of the triggers that listen and one run for each that matches', async () => {
    const configuration = configurationOf();
    const [trigger] = configuration.triggers;
    configuration.triggers.push({ ...trigger!, id: 'trg_2', name: 'on-payment', eventType: 'invoice.paid' });
    configuration.triggers.push({ ...trigger!, id: 'trg_3', name: 'orphan', agentId: 'agt_gone' });
    await using fixture = await createFixture(configuration);
    const dispatcher = await fixture.start();
    const [eventId] = await dispatcher.deliver({});
    const { event } = await fixture.events.getEvent({ event: eventId! });
    const run = await fixture.finished(eventId!);
    expect(event).toMatchObject({
      id: eventId,
      eventType: 'invoice.uploaded',
      webhookSourceId: 'src_billing',
      payload: '{"invoice_id":"inv-1"}',
      decisions: [
        { trigger: 'on-invoice', matched: true, reason: 'listens to invoice.uploaded from billing', runId: run.id },
        {
          trigger: 'orphan',
          matched: false,
          reason: 'its agent agt_gone does not exist: give it another one',
          runId: '',
        },
      ],
    });
  });

  it('changes nothing when it is delivered again', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const batch = Array.from({ length: 50 }, () => ({ id: newId('evt'), deliveryId: newId('dlv') }));
    await dispatcher.deliver(...batch);
    await dispatcher.deliver(...batch);
    await Promise.all([dispatcher.deliver(...batch), dispatcher.deliver(...batch.toReversed())]);
    expect(await countOf(fixture, 'events')).toBe(50);
    expect(await countOf(fixture, 'runs')).toBe(50);
    expect(await countOf(fixture, 'event_duplicates')).toBe(0);
  });

  it('records a repeated request beside its event, and starts nothing for it', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const id = newId('evt');
    // Fifty at once: some in the batch of the event itself, some later, one of them delivered twice.
    const requests = Array.from({ length: 50 }, (_, index) => ({
      id,
      deliveryId: `dlv_${index}`,
      idempotencyKey: 'order-7',
    }));
    await dispatcher.deliver(...requests.slice(0, 20));
    await dispatcher.deliver(...requests.slice(19));
    const { event } = await fixture.events.getEvent({ event: id });
    expect(event!.idempotencyKey).toBe('order-7');
    expect(event!.duplicates).toHaveLength(49);
    expect(await countOf(fixture, 'runs')).toBe(1);
  });

  it('marks a repeated request that carried another type or payload, and counts it', async () => {
    await using fixture = await createFixture();
    const metrics = createMetrics();
    const dispatcher = await fixture.start({ deps: { metrics } });
    const [id, other] = [newId('evt'), newId('evt')];
    const request = (deliveryId: string, changed = {}) => ({ id, deliveryId, idempotencyKey: 'order-7', ...changed });
    const differing = request('dlv_3', { payload: '{"invoice_id":"inv-2"}' });
    // In the batch of the event itself and in later ones, one of them delivered twice.
    await dispatcher.deliver(request('dlv_1'), request('dlv_2'), differing);
    const batch = [differing, request('dlv_4', { type: 'invoice.paid' }), request('dlv_5'), { id: other }];
    await dispatcher.deliver(...batch);
    await dispatcher.deliver({ id: other, payload: '{"invoice_id":"inv-3"}' });
    const { event } = await fixture.events.getEvent({ event: id });
    const marks = event!.duplicates.map(({ deliveryId, contentDiffers }) => [deliveryId, contentDiffers]);
    expect(marks.sort()).toEqual([
      ['dlv_2', false],
      ['dlv_3', true],
      ['dlv_4', true],
      ['dlv_5', false],
    ]);
    expect(event).toMatchObject({ eventType: 'invoice.uploaded', payload: '{"invoice_id":"inv-1"}' });
    expect((await metrics.expose()).body).toContain('dispatcher_differing_duplicates_total 3');
  });

  it('shows a repeated request that differed among however many that did not', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const id = newId('evt');
    const requests = Array.from({ length: 200 }, (_, n) => ({ id, deliveryId: `dlv_${n}`, receivedAt: at(n) }));
    await dispatcher.deliver(...requests);
    await dispatcher.deliver({ id, deliveryId: 'dlv_x', receivedAt: at(1_000), payload: '{}' });
    const { duplicates } = (await fixture.events.getEvent({ event: id })).event!;
    expect(duplicates.at(-1)).toMatchObject({ deliveryId: 'dlv_x', contentDiffers: true });
  });

  it('makes an event with the same content within five minutes a duplicate of the first, without a run', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const content = { contentHash: HASH };
    const [first] = await dispatcher.deliver({ ...content, receivedAt: at(0) });
    const [later, last] = await dispatcher.deliver(
      { ...content, receivedAt: at(299_999) },
      { ...content, receivedAt: at(300_001) },
    );
    const other = await dispatcher.deliver({ ...content, receivedAt: at(1), sourceId: 'src_other' });
    const originals = await Promise.all(
      [first!, later!, last!, ...other].map(
        async (id) => (await fixture.events.getEvent({ event: id })).event!.duplicateOf,
      ),
    );
    expect(originals).toEqual(['', first, '', '']);
    expect(await countOf(fixture, 'runs')).toBe(2);
  });

  it('finds duplicates by content within the batch itself', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const [first, second] = await dispatcher.deliver(
      { contentHash: HASH, receivedAt: at(0) },
      { contentHash: HASH, receivedAt: at(10) },
    );
    expect((await fixture.events.getEvent({ event: second! })).event).toMatchObject({
      duplicateOf: first,
      decisions: [],
    });
    expect(await countOf(fixture, 'runs')).toBe(1);
  });

  it('is stored with zero decisions for a tenant without configuration', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const [eventId] = await dispatcher.deliver({ orgId: 'org_new' });
    const { event } = await fixture.as('org_new').events.getEvent({ event: eventId! });
    expect(event!.decisions).toEqual([]);
  });

  it('always sees a trigger that was there before it', async () => {
    await using fixture = await createFixture(configurationOf({ trigger: { eventType: 'other' } }));
    const dispatcher = await fixture.start();
    await dispatcher.deliver({});
    for (let round = 0; round < 20; round++) {
      fixture.configuration = configurationOf({ trigger: { id: `trg_${round}` } });
      await dispatcher.deliver({});
    }
    expect(await countOf(fixture, 'runs')).toBe(20);
  });

  it('is matched with the last snapshot while management-api is down', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    await dispatcher.deliver({});
    fixture.configuration = down('management-api');
    await dispatcher.deliver({});
    expect(await countOf(fixture, 'runs')).toBe(2);
  });

  it('is decided on later when the configuration cannot be read, in the order it came', async () => {
    await using fixture = await createFixture(down('management-api'));
    const dispatcher = await fixture.start();
    const nowMs = Date.now();
    const sent = Array.from({ length: 120 }, (_, index) => ({
      receivedAt: new Date(nowMs + index),
      deliveryId: newId('dlv'),
    }));
    const ids = await dispatcher.deliver(...sent);
    await dispatcher.deliver({ id: ids[0]!, ...sent[0]! });
    const { event } = await fixture.events.getEvent({ event: ids[0]! });
    expect(event).toMatchObject({ undecided: true, decisions: [] });
    const asked = fixture.events.getDecision({ event: ids[0]!, trigger: 'on-invoice' });
    await expect(asked).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await countOf(fixture, 'runs')).toBe(0);
    fixture.configuration = configurationOf();
    for (const id of ids) await fixture.finished(id);
    const { rows } = await fixture.pool.query<{ at: Date; event_id: string }>(
      'select created_at as at, event_id from runs order by created_at, event_id',
    );
    const batches = Map.groupBy(rows, ({ at: time }) => time.getTime());
    const places = [...batches.values()].map((batch) => batch.map(({ event_id: id }) => ids.indexOf(id)));
    expect(places.map((batch) => batch.toSorted((a, b) => a - b)).flat()).toEqual([...ids.keys()]);
    const decided = await fixture.events.getEvent({ event: ids[0]! });
    expect(decided.event).toMatchObject({ undecided: false, decisions: [{ matched: true }] });
  });

  it('of one tenant waits for no other whose configuration cannot be read', async () => {
    await using fixture = await createFixture();
    const broken = 'org_broken';
    const dispatcher = await fixture.start({
      deps: {
        configuration: {
          getConfiguration: async ({ orgId, knownVersion }) => {
            if (orgId === broken) throw new Error('a row that nobody can read');
            return fixture.source.getConfiguration({ orgId: orgId!, knownVersion: knownVersion! });
          },
          getResources: (request) => fixture.source.getResources(request),
        },
      },
    });
    const [, id] = await dispatcher.deliver({ orgId: broken }, {}, { orgId: broken });
    await fixture.finished(id!);
    expect(await countOf(fixture, 'events')).toBe(3);
  });

  it('that matches a hundred triggers each is stored in parts', async () => {
    const configuration = configurationOf();
    const [trigger] = configuration.triggers;
    configuration.triggers = Array.from({ length: 100 }, (_, i) => ({ ...trigger!, id: `trg_${i}`, name: `t-${i}` }));
    await using fixture = await createFixture(configuration);
    const dispatcher = await fixture.start({ config: { workers: { ...testConfig.workers, concurrency: 1 } } });
    await dispatcher.deliver(...Array.from({ length: 25 }, () => ({})));
    expect(await countOf(fixture, 'runs')).toBe(2_500);
    const { rows } = await fixture.pool.query<{ n: number }>(
      'select count(*)::int as n from runs group by created_at order by n',
    );
    expect(Math.max(...rows.map(({ n }) => n))).toBeLessThan(1_000);
    expect((await fixture.pool.query('select from plans')).rowCount).toBe(100);
  });

  it('is refused when a message is none of ours, for the dead-letter topic', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    await expect(dispatcher.deliver({ orgId: '' })).rejects.toThrow(AppError);
    await expect(dispatcher.deliver({ orgId: '' })).rejects.toMatchObject({ code: 'event_invalid' });
  });
});
