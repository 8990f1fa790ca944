import { AppError, newId } from '@agent-platform/service';
import { describe, expect, it } from 'vitest';
import { configurationOf } from './support/configuration.ts';
import { createFixture, down, type Fixture } from './support/fixture.ts';

const HASH = Buffer.alloc(32, 7);
const at = (ms: number) => new Date(1_700_000_000_000 + ms);

async function countOf(fixture: Fixture, table: 'events' | 'runs' | 'event_duplicates'): Promise<number> {
  return (await fixture.pool.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]!.n;
}

describe('a batch of events', () => {
  it('is stored with the decision of every trigger and one run for each that matches', async () => {
    const configuration = configurationOf();
    const [trigger] = configuration.triggers;
    configuration.triggers.push({ ...trigger!, id: 'trg_2', name: 'on-payment', eventType: 'invoice.paid' });
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
          trigger: 'on-payment',
          matched: false,
          reason: 'listens to invoice.paid, the event is invoice.uploaded',
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

  it('waits for management-api when there is no snapshot', async () => {
    await using fixture = await createFixture(down('management-api'));
    const dispatcher = await fixture.start();
    const event = { id: newId('evt'), deliveryId: newId('dlv') };
    // The bus keeps what is unavailable, and delivers it again.
    await expect(dispatcher.deliver(event)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await countOf(fixture, 'events')).toBe(0);
    fixture.configuration = configurationOf();
    await dispatcher.deliver(event);
    expect(await countOf(fixture, 'runs')).toBe(1);
  });

  it('is refused when a message is none of ours, for the dead-letter topic', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    await expect(dispatcher.deliver({ orgId: '' })).rejects.toThrow(AppError);
    await expect(dispatcher.deliver({ orgId: '' })).rejects.toMatchObject({ code: 'event_invalid' });
  });
});
