import { newId } from '@agent-platform/ids';
import { describe, expect, it } from 'vitest';
import { configurationOf, type Configured } from './support/configuration.ts';
import { createFixture, down, type Fixture } from './support/fixture.ts';

/** As it was, and a trigger that listens to something else. */
function withSecond(over: Partial<Configured['triggers'][number]> = {}): Configured {
  const configuration = configurationOf();
  const [trigger] = configuration.triggers;
  configuration.triggers.push({ ...trigger!, id: 'trg_2', name: 'on-payment', eventType: 'invoice.paid', ...over });
  return configuration;
}

async function reasonOf({ events }: Fixture, event: string, trigger: string): Promise<string> {
  const { decision } = await events.getDecision({ event, trigger });
  expect(decision).toMatchObject({ matched: false, runId: '' });
  return decision!.reason;
}

describe('the decision of one trigger', () => {
  it('is what was recorded when the trigger listens, by its id and its name of then', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const [event] = await dispatcher.deliver({});
    const run = await fixture.finished(event!);
    fixture.configuration = configurationOf({ trigger: { name: 'renamed', eventType: 'other' } });
    for (const trigger of ['trg_1', 'on-invoice']) {
      const { decision } = await fixture.events.getDecision({ event: event!, trigger });
      expect(decision).toMatchObject({ triggerId: 'trg_1', matched: true, runId: run.id });
    }
  });

  it('is worked out with the configuration of then, whatever has become of the trigger', async () => {
    await using fixture = await createFixture(withSecond());
    const dispatcher = await fixture.start();
    const [event] = await dispatcher.deliver({});
    const then = 'listens to invoice.paid, the event is invoice.uploaded';
    expect(await reasonOf(fixture, event!, 'on-payment')).toBe(then);
    fixture.configuration = withSecond({ eventType: 'invoice.uploaded', name: 'renamed' });
    const [later] = await dispatcher.deliver({});
    expect(await reasonOf(fixture, event!, 'renamed')).toBe(then);
    expect(await reasonOf(fixture, event!, 'trg_2')).toBe(then);
    const { decision } = await fixture.events.getDecision({ event: later!, trigger: 'renamed' });
    expect(decision).toMatchObject({ triggerId: 'trg_2', matched: true });
    fixture.configuration = configurationOf();
    await dispatcher.deliver({});
    expect(await reasonOf(fixture, event!, 'trg_2')).toBe(then);
  });

  it('says the sources by their names of then', async () => {
    const configuration = withSecond({ sourceId: 'src_crm' });
    configuration.sources.push({ ...configuration.sources[0]!, id: 'src_crm', name: 'crm' });
    await using fixture = await createFixture(configuration);
    const dispatcher = await fixture.start();
    const [event] = await dispatcher.deliver({});
    expect(await reasonOf(fixture, event!, 'trg_2')).toBe(
      'listens to invoice.paid of source crm, the event is invoice.uploaded from billing',
    );
  });

  it('of a trigger that is newer than the event is that it did not exist', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const [event] = await dispatcher.deliver({});
    fixture.configuration = withSecond();
    expect(await reasonOf(fixture, event!, 'on-payment')).toBe('did not exist when the event was matched');
    await expect(fixture.events.getDecision({ event: event!, trigger: 'nothing' })).rejects.toMatchObject({
      code: 'trigger_not_found',
    });
  });

  it('of a duplicate names the event it repeats', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const content = { contentHash: new Uint8Array(32).fill(1) };
    const [first, second] = await dispatcher.deliver(content, content);
    expect(await reasonOf(fixture, second!, 'on-invoice')).toContain(first!);
  });

  it('is not found for an event of another tenant, and for what is not kept any more', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const [event] = await dispatcher.deliver({});
    const other = fixture.as('org_other').events.getDecision({ event: event!, trigger: 'trg_1' });
    await expect(other).rejects.toMatchObject({ code: 'event_not_found' });
    await fixture.pool.query('update events set configuration_version = 99');
    const forgotten = fixture.events.getDecision({ event: event!, trigger: 'trg_2' });
    await expect(forgotten).rejects.toMatchObject({ code: 'configuration_forgotten' });
  });

  it('waits for management-api, unless it was recorded', async () => {
    await using fixture = await createFixture(withSecond());
    const dispatcher = await fixture.start();
    const [event] = await dispatcher.deliver({ id: newId('evt') });
    fixture.configuration = down('management-api');
    expect((await fixture.events.getDecision({ event: event!, trigger: 'on-invoice' })).decision!.matched).toBe(true);
    const asked = fixture.events.getDecision({ event: event!, trigger: 'on-payment' });
    await expect(asked).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
