import { describe, expect, it } from 'vitest';
import { collect, eventually, message, newTopic, text } from '../src/conformance/fixture.ts';
import { startPostgres } from './postgres.ts';

describe('while the database is away', () => {
  it.each(['cut', 'silence'] as const)(
    'publishing fails in time and consumers recover by themselves afterwards (%s)',
    async (how) => {
      await using harness = await startPostgres();
      const bus = await harness.connect();
      const topic = newTopic();
      const seen = collect();
      await bus.subscribe({ topic, group: 'g', handler: seen.handler });
      await bus.publish(topic, [message('a', '1')]);
      await eventually(() => expect(seen.texts()).toEqual(['1']));

      const proxy = harness.proxyOf(bus);
      proxy[how]();
      const unavailable = { kind: 'unavailable', code: 'bus_unavailable' };
      // The test's own time limit is the bound.
      await expect(bus.publish(topic, [message('a', 'lost')])).rejects.toMatchObject(unavailable);
      await expect(bus.check()).rejects.toMatchObject(unavailable);
      const other = await harness.connect();
      await other.publish(topic, [message('a', '2')]);
      proxy.restore();

      await eventually(() => expect(seen.texts()).toEqual(['1', '2']));
      await eventually(() => bus.publish(topic, [message('a', '3')]));
      await eventually(() => expect(seen.texts()).toEqual(['1', '2', '3']));
    },
  );

  it.each(['cut', 'silence'] as const)('followers see afterwards what was published meanwhile (%s)', async (how) => {
    await using harness = await startPostgres();
    const [bus, other] = [await harness.connect(), await harness.connect()];
    const topic = newTopic();
    const seen: string[] = [];
    let gaps = 0;
    bus.follow({ topic, onMessage: (one) => seen.push(text(one)), onGap: () => gaps++ });
    await eventually(() => expect(gaps).toBe(1));
    const proxy = harness.proxyOf(bus);
    proxy[how]();
    await other.publish(topic, [message('a', '1')]);
    proxy.restore();
    await eventually(() => expect(seen).toEqual(['1']));
    await other.publish(topic, [message('a', '2')]);
    await eventually(() => expect(seen).toEqual(['1', '2']));
    expect(gaps).toBe(1);
  });
});
