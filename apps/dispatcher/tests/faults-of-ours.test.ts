import { openBus } from '@agent-platform/event-bus';
import { deadLetterTopic, topics, WebhookEventSchema } from '@agent-platform/proto';
import { newId } from '@agent-platform/ids';
import { createLogger } from '@agent-platform/telemetry';
import { createTestDatabase } from '@agent-platform/testing';
import { toBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { webhookEvent } from './support/events.ts';
import { createFixture } from './support/fixture.ts';

const logger = createLogger({ level: 'silent', service: 'test' });

it.each([
  [
    'the constraint that makes events unique',
    'alter table events drop constraint events_pkey',
    'alter table events add primary key (id)',
  ],
  ['a column', 'alter table events rename payload to body', 'alter table events rename body to payload'],
  ['a table', 'alter table runs rename to runs_away', 'alter table runs_away rename to runs'],
  [
    'room for a status',
    `alter table runs add constraint planted check (status <> 'queued')`,
    'alter table runs drop constraint planted',
  ],
])('without %s events wait, the dispatcher is not ready, and nothing is given up', async (_, damage, repair) => {
  await using resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  const bus = resources.use(await openBus({ url: database.url, clientId: 'test', logger }));
  const fixture = resources.use(await createFixture());
  const { service } = await fixture.start({ deps: { bus } });
  const deadLetters: string[] = [];
  await bus.subscribe({
    topic: deadLetterTopic(topics.webhookEvents, 'dispatcher'),
    group: 'test',
    handler: async (batch) => void deadLetters.push(...batch.map(({ headers }) => JSON.stringify(headers))),
  });
  const publish = async () => {
    const event = webhookEvent({ id: newId('evt') });
    const message = { key: event.sourceId, value: toBinary(WebhookEventSchema, event), headers: {} };
    await bus.publish(topics.webhookEvents, [message]);
    return event.eventId;
  };
  await fixture.finished(await publish());
  await service.checks['events']!();

  await fixture.pool.query(damage);
  const ids = [await publish(), await publish()];
  const notReady = { code: 'messages_held_up', kind: 'unavailable' };
  await expect
    .poll(() => service.checks['events']!().catch((error: unknown) => error), { timeout: 20_000 })
    .toMatchObject(notReady);
  await fixture.pool.query(repair);
  for (const id of ids) await fixture.finished(id);
  await service.checks['events']!();
  expect(deadLetters).toEqual([]);
});
