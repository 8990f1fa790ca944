import { type Topic, WebhookEventSchema } from '@agent-platform/proto';
import { vi } from 'vitest';
import type { BatchHandler, EventBus, Message, ReceivedMessage } from '../bus.ts';

/** What the suite needs of a driver. */
export interface BusHarness extends AsyncDisposable {
  /** A connection of its own, as another process would have. The harness disposes it. */
  connect(): Promise<EventBus>;
  /** Cuts a connection off for good, without a farewell, as when its process is killed. */
  crash(bus: EventBus): Promise<void>;
}

export type StartHarness = () => Promise<BusHarness>;

export const PARTITIONS = 4;

/** A topic that no other test uses. */
export function newTopic(): Topic {
  const name = `conformance.${crypto.randomUUID()}`;
  return { name, schema: WebhookEventSchema, partitions: PARTITIONS, retentionMs: 86_400_000 };
}

export function message(key: string, value: string, headers: Record<string, string> = {}): Message {
  return { key, value: Buffer.from(value), headers };
}

export function text({ value }: Message): string {
  return Buffer.from(value).toString();
}

/** A handler that remembers what it got. */
export function collect(): { handler: BatchHandler; messages: ReceivedMessage[]; texts(): string[] } {
  const messages: ReceivedMessage[] = [];
  return {
    messages,
    texts: () => messages.map(text),
    handler: async (batch) => {
      messages.push(...batch);
    },
  };
}

/** Enough keys to reach every partition, whatever the driver's hash is. */
export const manyKeys: readonly string[] = Array.from({ length: 64 }, (_, i) => `key-${i}`);

/** Waits until `assertion` holds; rebalancing after a crash takes a driver several seconds. */
export function eventually(assertion: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(assertion, { timeout: 20_000, interval: 20 });
}

/** Resolves when the handler is told to stop: a handler that would never end by itself. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
