import type { Pool, PoolClient } from '@agent-platform/database';
import type { Replay, ReplayKey, ReplayWork } from '../rows/replay.ts';

/**
 * The replay that has waited longest and that nobody works on: after each batch it is another one's turn. Reads the
 * partial index of running ones. Its lock ends with the statement: it is looked at, to ask for what is needed outside of
 * a transaction.
 */
const NEXT_REPLAY = `
  select org_id as "orgId", id from replays
  where state = 'running' and due_at <= now()
  order by due_at limit 1
  for update skip locked`;

export async function nextReplay(pool: Pool): Promise<ReplayKey | undefined> {
  return (await pool.query<ReplayKey>(NEXT_REPLAY)).rows[0];
}

/**
 * The lock is the claim: it lasts for the batch, a process that dies loses it with its connection, and the batch is
 * undone. Whoever comes second does not wait, and whoever cancels waits for the batch.
 */
const CLAIM_REPLAY = `
  select org_id as "orgId", id, kind, scope, position from replays
  where org_id = $1 and id = $2 and state = 'running' and due_at <= now()
  for update skip locked`;

export type ClaimedReplay = ReplayKey & Pick<Replay, 'kind'> & { [name in keyof ReplayWork]: string };

/** @returns nothing when somebody else has it, had it just now, or cancelled it. */
export async function claimReplay(client: PoolClient, { orgId, id }: ReplayKey): Promise<ClaimedReplay | undefined> {
  return (await client.query<ClaimedReplay>(CLAIM_REPLAY, [orgId, id])).rows[0];
}
