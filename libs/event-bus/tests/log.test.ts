import { createPool, type Pool } from '@agent-platform/database';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventBus } from '../src/index.ts';
import { collect, eventually, manyKeys, message, newTopic, untilAborted } from '../src/conformance/fixture.ts';
import { deleteExpired } from '../src/postgres/retention.ts';
import { logger, type PostgresHarness, startPostgres } from './postgres.ts';

let resources: AsyncDisposableStack;
let harness: PostgresHarness;
let bus: EventBus;
let pool: Pool;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  harness = resources.use(await startPostgres());
  bus = await harness.connect();
  pool = createPool({ url: harness.url, applicationName: 'test', logger });
  resources.defer(() => pool.end());
});
afterEach(() => resources.disposeAsync());

describe('the Postgres log', () => {
  it('has no gaps and no deadlocks when many publish to all partitions at once', async () => {
    const topic = newTopic();
    const buses = [bus, await harness.connect()];
    const keys = manyKeys.slice(0, 16);
    const publishAll = (_: unknown, i: number) =>
      buses[i % 2]!.publish(
        topic,
        keys.map((key) => message(key, `${i}`)),
      );
    await Promise.all(Array.from({ length: 300 }, publishAll));
    const { rows } = await pool.query<{ count: number }>(
      `select p.next_offset::int, count(*)::int, min(m."offset")::int, max(m."offset")::int
         from bus_partitions p join bus_messages m on m.partition_id = p.id group by p.id`,
    );
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(300 * keys.length);
    for (const row of rows) {
      expect(row).toEqual({ next_offset: row.count, count: row.count, min: 0, max: row.count - 1 });
    }
  });

  it('takes no offset from a member whose lease has passed on while its handler ran', async () => {
    const topic = newTopic();
    let running: AbortSignal | undefined;
    await bus.subscribe({
      topic,
      group: 'g',
      handler: async (_, signal) => {
        running = signal;
        await untilAborted(signal);
      },
    });
    await bus.publish(topic, [message('a', '1')]);
    await eventually(() => expect(running).toBeDefined());
    await pool.query(
      `update bus_offsets set owner = 'another', epoch = epoch + 1, lease_expires_at = now() + interval '1 hour'`,
    );
    // Its next heartbeat tells it; the handler then returns as if all were well.
    await eventually(() => expect(running!.aborted).toBe(true));
    const { rows } = await pool.query('select distinct next_offset, owner from bus_offsets');
    expect(rows).toEqual([{ next_offset: '0', owner: 'another' }]);
  });

  it('forgets messages that are older than their topic keeps them, and goes on counting', async () => {
    const [short, long] = [{ ...newTopic(), retentionMs: 3_600_000 }, newTopic()];
    const values = Array.from({ length: 2_500 }, (_, i) => message('a', String(i)));
    await bus.publish(short, values);
    await bus.publish(long, values.slice(0, 10));
    await pool.query(`update bus_messages set published_at = now() - interval '2 hours'`);
    await bus.publish(short, [message('a', 'new')]);
    await deleteExpired(pool);
    const seen = [collect(), collect()];
    for (const [i, topic] of [short, long].entries()) {
      await bus.subscribe({ topic, group: 'g', handler: seen[i]!.handler });
    }
    await eventually(() => expect(seen[0]!.texts()).toEqual(['new']));
    expect(seen[0]!.messages[0]!.offset).toBe(2_500n);
    await eventually(() => expect(seen[1]!.messages).toHaveLength(10));
  });

  it('tells a follower when messages expired before it could read them', async () => {
    const topic = { ...newTopic(), partitions: 1, retentionMs: 3_600_000 };
    const seen: string[] = [];
    let gaps = 0;
    bus.follow({ topic, onMessage: ({ value }) => seen.push(Buffer.from(value).toString()), onGap: () => gaps++ });
    await eventually(() => expect(gaps).toBe(1));
    // What is gone before it is seen: the head moved on, and the messages are not there.
    await pool.query('update bus_partitions set next_offset = next_offset + 3');
    await bus.publish(topic, [message('a', 'next')]);
    await eventually(() => expect(seen).toEqual(['next']));
    expect(gaps).toBe(2);
  });

  it('tells other processes at once, and is found by the poll when it cannot', async () => {
    const topic = newTopic();
    const seen = collect();
    await (await harness.connect()).subscribe({ topic, group: 'g', handler: seen.handler });
    await bus.publish(topic, [message('a', '1')]);
    await eventually(() => expect(seen.texts()).toEqual(['1']));
    await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'agent_platform_bus'`,
    );
    await bus.publish(topic, [message('a', '2')]);
    await eventually(() => expect(seen.texts()).toEqual(['1', '2']));
  });
});
