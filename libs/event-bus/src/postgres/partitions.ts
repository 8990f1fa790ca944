import { crc32 } from 'node:zlib';
import type { Pool } from '@agent-platform/database';
import type { Topic } from '@agent-platform/proto';

/**
 * Locks nothing that exists unless its retention changes. Rows are made in the order of their ids, the order in
 * which publishers lock them. A topic that has more partitions now gets the missing ones.
 */
const CREATE = `
  insert into bus_partitions (topic, partition, retention_ms)
  select $1, partition, $3 from generate_series(0, $2::int - 1) as partition
  on conflict (topic, partition) do update set retention_ms = excluded.retention_ms
    where bus_partitions.retention_ms <> excluded.retention_ms`;

const SELECT = `select id from bus_partitions where topic = $1 and partition < $2 order by partition`;

/** Finds the ids of a topic's partitions, making them when they are not there; asks once per topic. */
export function createPartitionDirectory(pool: Pool): (topic: Topic) => Promise<readonly number[]> {
  const known = new Map<string, Promise<readonly number[]>>();
  const load = async (topic: Topic) => {
    await pool.query(CREATE, [topic.name, topic.partitions, topic.retentionMs]);
    const { rows } = await pool.query<{ id: number }>(SELECT, [topic.name, topic.partitions]);
    return rows.map(({ id }) => id);
  };
  return (topic) => {
    let ids = known.get(topic.name);
    if (!ids) {
      ids = load(topic);
      known.set(topic.name, ids);
      ids.catch(() => known.delete(topic.name));
    }
    return ids;
  };
}

/** The place of a key among `count` partitions: the same in every process and release. */
export function partitionOf(key: string, count: number): number {
  return crc32(key) % count;
}
