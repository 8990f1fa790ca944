import { describe, expect, it } from 'vitest';
import { topics } from '@agent-platform/proto';
import { createBatcher } from './batcher.ts';
import type { Message } from './bus.ts';

const topic = topics.webhookEvents;
const message = (text: string, bytes = 1): Message => ({ key: text, value: new Uint8Array(bytes), headers: {} });

/** A bus whose publishes end when the test says so. */
function createFakeBus() {
  const calls: { keys: string[]; done: PromiseWithResolvers<void> }[] = [];
  const publish = (_: unknown, messages: readonly Message[]) => {
    const done = Promise.withResolvers<void>();
    calls.push({ keys: messages.map(({ key }) => key), done });
    return done.promise;
  };
  return { publish, calls, keys: () => calls.map(({ keys }) => keys) };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('the batcher', () => {
  it('gathers what is published in one turn, and what comes while two batches are on their way', async () => {
    const bus = createFakeBus();
    const batcher = createBatcher(bus, topic);
    const published: Promise<void>[] = [];
    for (const turn of [['a', 'b'], ['c'], ['d', 'e'], ['f']]) {
      published.push(...turn.map((key) => batcher.publish(message(key))));
      await nextTurn();
    }
    expect(bus.keys()).toEqual([['a', 'b'], ['c']]);
    bus.calls[0]!.done.resolve();
    await nextTurn();
    expect(bus.keys()).toEqual([['a', 'b'], ['c'], ['d', 'e', 'f']]);
    for (const { done } of bus.calls) done.resolve();
    await Promise.all(published);
  });

  it('answers each caller for its own batch', async () => {
    const bus = createFakeBus();
    const batcher = createBatcher(bus, topic);
    const a = batcher.publish(message('a'));
    await nextTurn();
    const b = batcher.publish(message('b'));
    await nextTurn();
    const failure = new Error('broker down');
    bus.calls[0]!.done.reject(failure);
    bus.calls[1]!.done.resolve();
    await expect(a).rejects.toBe(failure);
    await expect(b).resolves.toBeUndefined();
    const c = batcher.publish(message('c'));
    await nextTurn();
    bus.calls[2]!.done.resolve();
    await expect(c).resolves.toBeUndefined();
  });

  it('limits a batch by messages and by bytes', async () => {
    const bus = createFakeBus();
    const batcher = createBatcher(bus, topic);
    const many = Array.from({ length: 501 }, (_, i) => batcher.publish(message(String(i))));
    await nextTurn();
    expect(bus.calls.map(({ keys }) => keys.length)).toEqual([500, 1]);
    for (const { done } of bus.calls) done.resolve();
    await Promise.all(many);
    const large = ['x', 'y', 'z'].map((key) => batcher.publish(message(key, 600 * 1024)));
    await nextTurn();
    expect(bus.keys().slice(2)).toEqual([['x'], ['y']]);
    bus.calls[2]!.done.resolve();
    await nextTurn();
    for (const { done } of bus.calls) done.resolve();
    await Promise.all(large);
  });

  it('sends what it has gathered before it closes, and takes no more', async () => {
    const bus = createFakeBus();
    const batcher = createBatcher(bus, topic);
    const a = batcher.publish(message('a'));
    const closing = batcher[Symbol.asyncDispose]();
    await expect(batcher.publish(message('b'))).rejects.toMatchObject({ kind: 'unavailable', code: 'shutting_down' });
    bus.calls[0]!.done.resolve();
    await closing;
    await a;
    expect(bus.keys()).toEqual([['a']]);
  });
});
