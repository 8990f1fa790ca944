import type { Pool } from '@agent-platform/database';

/** One member of a consumer group of a topic. */
export interface Member {
  readonly topic: string;
  readonly group: string;
  /** Unique among all members there ever are. */
  readonly id: string;
}

/** How long a member and its leases outlive its last heartbeat. Takeover takes this and one heartbeat at most. */
export const LEASE_TTL_MS = 4_500;
export const HEARTBEAT_MS = 1_000;

/** Gives the group an offset in every partition, from the oldest message kept. Locks nothing that exists. */
const JOIN = `
  insert into bus_offsets (group_name, partition_id)
  select $2, id from bus_partitions where topic = $1 order by id
  on conflict do nothing`;

/**
 * Keeps this member alive, buries dead ones and counts who is there. All clocks are the database's.
 *
 * Locks: this member's row, and rows of the dead that nobody else is burying, so two members never wait for each
 * other. The count uses the snapshot before both, hence "or it is me".
 */
const HEARTBEAT = `
  with dead as (
    select member from bus_members
     where topic = $1 and group_name = $2 and member <> $3 and expires_at < now()
       for update skip locked
  ), buried as (
    delete from bus_members m using dead
     where m.topic = $1 and m.group_name = $2 and m.member = dead.member
  ), me as (
    insert into bus_members (topic, group_name, member, expires_at)
    values ($1, $2, $3, now() + $4 * interval '1 ms')
    on conflict (topic, group_name, member) do update set expires_at = excluded.expires_at
  )
  select (select coalesce(array_agg(member), '{}') from bus_members
           where topic = $1 and group_name = $2 and member <> $3 and expires_at >= now()) as others,
         (select count(*)::int from bus_partitions where topic = $1) as partitions`;

const LEAVE = `delete from bus_members where topic = $1 and group_name = $2 and member = $3`;

export async function joinGroup(pool: Pool, { topic, group }: Member): Promise<void> {
  await pool.query(JOIN, [topic, group]);
}

/** Sends the heartbeat and returns how many partitions this member should own. */
export async function heartbeat(pool: Pool, member: Member): Promise<number> {
  const values = [member.topic, member.group, member.id, LEASE_TTL_MS];
  const { rows } = await pool.query<{ others: string[]; partitions: number }>(HEARTBEAT, values);
  const { others, partitions } = rows[0]!;
  return fairShare(member.id, others, partitions);
}

export async function leaveGroup(pool: Pool, { topic, group, id }: Member): Promise<void> {
  await pool.query(LEAVE, [topic, group, id]);
}

/** Shares differ by one at most and add up to `partitions`: all members must see the same members for that. */
export function fairShare(me: string, others: readonly string[], partitions: number): number {
  const members = others.length + 1;
  const rank = others.filter((other) => other < me).length;
  return Math.floor(partitions / members) + (rank < partitions % members ? 1 : 0);
}
