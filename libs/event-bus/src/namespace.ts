import { deadLetterTopic, topics, type Topic } from '@agent-platform/proto';
import type { EventBus } from './bus.ts';

/** Which groups consume which topic: only they need dead-letter topics. */
const GROUPS: Readonly<Record<keyof typeof topics, readonly string[]>> = {
  webhookEvents: ['dispatcher'],
  webhookSourceChanges: [],
  securityAlerts: [],
};

/** Every topic a platform needs, dead letters included, as `ensureTopics` takes them. */
export function everyTopic(namespace?: string): Topic[] {
  const name = (text: string) => qualified(text, namespace);
  return Object.entries(topics).flatMap(([key, known]) => {
    const topic: Topic = { ...known, name: name(known.name) };
    return [topic, ...GROUPS[key as keyof typeof topics].map((group) => deadLetterTopic(topic, group))];
  });
}

/** A bus whose topics and groups all have the namespace before their names. */
export function inNamespace(bus: EventBus, namespace: string): EventBus {
  const own = (topic: Topic): Topic => ({ ...topic, name: qualified(topic.name, namespace) });
  return {
    publish: (topic, messages) => bus.publish(own(topic), messages),
    subscribe: (o) =>
      bus.subscribe({
        ...o,
        topic: own(o.topic),
        group: qualified(o.group, namespace),
        deadLetters: own(o.deadLetters ?? deadLetterTopic(o.topic, o.group)),
      }),
    follow: (o) => bus.follow({ ...o, topic: own(o.topic) }),
    check: () => bus.check(),
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  };
}

function qualified(name: string, namespace: string | undefined): string {
  return namespace === undefined ? name : `${namespace}.${name}`;
}
