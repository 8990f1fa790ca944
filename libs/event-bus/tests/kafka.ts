import { deadLetterTopic, type Topic } from '@agent-platform/proto';
import { createLogger } from '@agent-platform/telemetry';
import { createKafkaBus, ensureTopics, type EventBus } from '../src/index.ts';
import type { BusHarness } from '../src/conformance.ts';
import { clientFactory, type CreateClient, type KafkaClient } from '../src/kafka/client.ts';

export const logger = createLogger({ level: process.env.KAFKA_TEST_LOG ?? 'silent', service: 'test' });

/** Buses that make their topics by themselves, as the suite expects, each with clients that can be cut off. */
export async function startKafkaHarness(brokers: readonly string[]): Promise<BusHarness> {
  const resources = new AsyncDisposableStack();
  const cuts = new Map<EventBus, () => void>();
  return {
    connect: async () => {
      const { createClient, cut } = cuttable(clientFactory({ brokers, clientId: 'test', logger }));
      const bus = resources.use(await createKafkaBus({ brokers, clientId: 'test', logger }, { createClient }));
      const own = withTopics(bus, brokers);
      cuts.set(own, cut);
      return own;
    },
    crash: async (bus) => cuts.get(bus)!(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Ends every connection, without a farewell, and lets no other come into being. */
function cuttable(inner: CreateClient): { createClient: CreateClient; cut: () => void } {
  const clients: KafkaClient[] = [];
  let isCut = false;
  const createClient: CreateClient = (options) => {
    const client = inner(options);
    clients.push(client);
    if (isCut) client.destroy();
    return client;
  };
  const cut = () => {
    isCut = true;
    for (const client of clients) client.destroy();
  };
  return { createClient, cut };
}

function withTopics(bus: EventBus, brokers: readonly string[]): EventBus {
  const known = new Map<string, Promise<unknown>>();
  const ensure = async (...topics: Topic[]) => {
    for (const topic of topics) {
      if (!known.has(topic.name)) known.set(topic.name, ensureTopics({ brokers, topics: [topic], logger }));
      await known.get(topic.name);
    }
  };
  return {
    publish: async (topic, messages) => {
      await ensure(topic);
      await bus.publish(topic, messages);
    },
    subscribe: async (options) => {
      await ensure(options.topic, options.deadLetters ?? deadLetterTopic(options.topic, options.group));
      return bus.subscribe(options);
    },
    follow: (options) => {
      void ensure(options.topic);
      return bus.follow(options);
    },
    check: () => bus.check(),
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  };
}
