import { createLogger } from '@agent-platform/telemetry';
import { describe, expect, it } from 'vitest';
import { deadLetterTopic, topics } from '@agent-platform/proto';
import type { EventBus, SubscribeOptions } from './bus.ts';
import { everyTopic, inNamespace } from './namespace.ts';
import { openBus, parseKafkaUrl } from './open-bus.ts';
import { openInBackground } from './open-in-background.ts';

const logger = createLogger({ level: 'silent', service: 'test' });

describe('the URL of a Kafka', () => {
  it.each([
    ['kafka://127.0.0.1:9092', { brokers: ['127.0.0.1:9092'] }],
    ['kafka://a.example:9092,b.example:9093/', { brokers: ['a.example:9092', 'b.example:9093'] }],
    ['kafka://[::1]:9092/staging', { brokers: ['[::1]:9092'], namespace: 'staging' }],
  ])('%s', (url, expected) => {
    expect(parseKafkaUrl(url)).toEqual(expected);
  });

  it.each(['kafka://', 'kafka://host', 'kafka://user:hidden@host:9092', 'kafka://a:9092,', 'kafka://a:9092/x/y'])(
    '%s is refused, and nothing of it is shown',
    async (url) => {
      const refusal = await openBus({ url, clientId: 'test', logger }).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'config_invalid' });
      expect((refusal as Error).message).not.toContain('hidden');
    },
  );
});

it.each(['kafka://127.0.0.1:1', 'postgresql://nobody@127.0.0.1:1/bus'])(
  'a bus that is not there yet is unavailable: %s',
  async (url) => {
    await expect(openBus({ url, clientId: 'test', logger })).rejects.toMatchObject({ kind: 'unavailable' });
  },
);

it('TLS of a Kafka is refused for a PostgreSQL, which would go on without', () => {
  const options = { url: 'postgresql://db.example/bus', clientId: 'test', security: { tls: {} }, logger };
  expect(() => openInBackground(options)).toThrow('the URL of a PostgreSQL has sslmode for it');
});

it('a namespace stands before every topic and group; only what a group consumes has dead letters', () => {
  expect(everyTopic('staging').map(({ name }) => name)).toEqual([
    'staging.agent-platform.webhook-events.v1',
    'staging.agent-platform.webhook-events.v1.dispatcher.dead-letter',
    'staging.agent-platform.webhook-source-changes.v1',
    'staging.agent-platform.security-alerts.v1',
  ]);
});

it('in a namespace dead letters go to where a subscriber of theirs reads', async () => {
  const subscribed: SubscribeOptions[] = [];
  const bus = inNamespace(
    { subscribe: async (options: SubscribeOptions) => void subscribed.push(options) } as unknown as EventBus,
    'staging',
  );
  const handler = async () => undefined;
  await bus.subscribe({ topic: topics.webhookEvents, group: 'dispatcher', handler });
  await bus.subscribe({ topic: deadLetterTopic(topics.webhookEvents, 'dispatcher'), group: 'letters', handler });
  expect(subscribed[0]!.deadLetters!.name).toBe(subscribed[1]!.topic.name);
  expect(everyTopic('staging').map(({ name }) => name)).toContain(subscribed[1]!.topic.name);
});
