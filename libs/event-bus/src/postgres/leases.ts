import type { Pool } from '@agent-platform/database';
import { LEASE_TTL_MS, type Member } from './group.ts';

/** The right of one member to move a group's offset in one partition. */
export interface Lease {
  readonly partitionId: number;
  readonly partition: number;
  readonly nextOffset: bigint;
  readonly epoch: string;
}

/** Renews what is still ours and tells the head of each partition, which saves a poll of its own. */
const RENEW = `
  update bus_offsets o set lease_expires_at = now() + $3 * interval '1 ms'
    from bus_partitions p
   where o.group_name = $1 and o.owner = $2 and o.partition_id = any($4::int[]) and p.id = o.partition_id
  returning o.partition_id as id, p.next_offset as head`;

/**
 * Takes up to `$4` partitions that nobody owns or whose owner has died.
 *
 * Locks: only rows it takes; one that another member is taking at this moment is skipped, not waited for. The new
 * epoch shuts the former owner out, should it still be there.
 */
const CLAIM = `
  with free as (
    select o.partition_id
      from bus_offsets o join bus_partitions p on p.id = o.partition_id
     where o.group_name = $1 and p.topic = $2 and (o.owner is null or o.lease_expires_at < now())
       and o.partition_id <> all($6::int[])
     order by o.partition_id limit $4
       for update of o skip locked
  )
  update bus_offsets o set owner = $3, epoch = o.epoch + 1, lease_expires_at = now() + $5 * interval '1 ms'
    from free join bus_partitions p on p.id = free.partition_id
   where o.group_name = $1 and o.partition_id = free.partition_id
  returning o.partition_id as id, p.partition, o.next_offset, o.epoch`;

const RELEASE = `
  update bus_offsets set owner = null
   where group_name = $1 and partition_id = $2 and owner = $3 and epoch = $4`;

const COMMIT = `
  update bus_offsets set next_offset = $5
   where group_name = $1 and partition_id = $2 and owner = $3 and epoch = $4`;

/** The partitions of `held` that are still this member's, with the offset that the next message will get. */
export async function renewLeases(pool: Pool, member: Member, held: readonly number[]): Promise<Map<number, bigint>> {
  if (held.length === 0) return new Map();
  const values = [member.group, member.id, LEASE_TTL_MS, held];
  const { rows } = await pool.query<{ id: number; head: string }>(RENEW, values);
  return new Map(rows.map(({ id, head }) => [id, BigInt(head)]));
}

/** @param held - partitions this member has or has not let go of yet: never taken twice. */
export async function claimLeases(pool: Pool, member: Member, most: number, held: readonly number[]): Promise<Lease[]> {
  const values = [member.group, member.topic, member.id, most, LEASE_TTL_MS, held];
  const { rows } = await pool.query<{ id: number; partition: number; next_offset: string; epoch: string }>(
    CLAIM,
    values,
  );
  return rows.map(({ id, partition, next_offset: next, epoch }) => ({
    partitionId: id,
    partition,
    nextOffset: BigInt(next),
    epoch,
  }));
}

export async function releaseLease(pool: Pool, member: Member, lease: Lease): Promise<void> {
  await pool.query(RELEASE, [member.group, lease.partitionId, member.id, lease.epoch]);
}

/** Stores the offset; false when the lease has passed to another member. */
export async function commitOffset(pool: Pool, member: Member, lease: Lease, nextOffset: bigint): Promise<boolean> {
  const result = await pool.query(COMMIT, [member.group, lease.partitionId, member.id, lease.epoch, nextOffset]);
  return result.rowCount === 1;
}
