export * from './batcher.ts';
export * from './bus-kafka.ts';
export * from './bus-postgres.ts';
export * from './bus.ts';
export { readDeadLetter, type DeadLetter } from './dead-letter.ts';
export { ensureTopics, type EnsureTopicsOptions, type TopicStatus } from './kafka/topics.ts';
export { everyTopic } from './namespace.ts';
export * from './open-bus.ts';
export * from './open-in-background.ts';
