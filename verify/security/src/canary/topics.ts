import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { everyTopic, openBus, parseKafkaUrl, type ReceivedMessage } from '@agent-platform/event-bus';
import { createLogger } from '@agent-platform/telemetry';
import type { Evidence } from './evidence.ts';

/** A topic is read to its end when nothing came for this long. */
const QUIET_MS = 3_000;
const MOST_MS = 60_000;

/** Every message of every topic, dead letters included: key, headers and value. */
export async function dumpTopics(busUrl: string): Promise<Evidence[]> {
  const logger = createLogger({ level: 'silent', service: 'security' });
  await using bus = await openBus({ url: busUrl, clientId: 'canary', logger });
  const topics = everyTopic(parseKafkaUrl(busUrl).namespace);
  const messages = new Map(topics.map(({ name }) => [name, [] as Buffer[]]));
  let lastMs = 0;
  // What the services' own consumers have read is no matter: this group starts at the beginning.
  const group = `canary-${randomUUID()}`;
  for (const topic of topics) {
    await bus.subscribe({
      topic,
      group,
      handler: async (batch) => {
        lastMs = performance.now();
        messages.get(topic.name)!.push(...batch.map(bytesOf));
      },
    });
  }
  const startedMs = performance.now();
  while (performance.now() - Math.max(startedMs, lastMs) < QUIET_MS) {
    if (performance.now() - startedMs > MOST_MS) throw new Error('the topics do not come to an end');
    await sleep(100);
  }
  return [...messages].map(([name, all]) => ({ place: 'topics', name, content: Buffer.concat(all) }));
}

function bytesOf({ key, headers, value }: ReceivedMessage): Buffer {
  return Buffer.concat([Buffer.from(`\n${key}\n${Object.entries(headers).flat().join('\n')}\n`), value]);
}
