import type { Pool, PoolClient } from '@agent-platform/database';

/** Steps from tenant to tenant in the partial index of undecided events, however many each of them has. No locks. */
const LIST_TENANTS = `
  with recursive tenants as (
    (select org_id from events where decisions is null order by org_id limit 1)
    union all
    select (select e.org_id from events e where e.decisions is null and e.org_id > tenants.org_id order by e.org_id limit 1)
    from tenants where tenants.org_id is not null
  )
  select org_id as "orgId" from tenants where org_id is not null`;

/** @returns the tenants that have undecided events. */
export async function listUndecidedTenants(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ orgId: string }>(LIST_TENANTS);
  return rows.map(({ orgId }) => orgId);
}

/** The oldest of a tenant's, each for one dispatcher at a time: until the end of the transaction nobody else sees them. */
const TAKE = `
  select id, org_id as "orgId", event_type as "eventType", source_id as "sourceId"
  from events where decisions is null and org_id = $1
  order by received_at, id limit $2
  for no key update skip locked`;

export interface UndecidedEvent {
  readonly id: string;
  readonly orgId: string;
  readonly eventType: string;
  readonly sourceId: string;
}

export async function takeUndecidedEvents(client: PoolClient, orgId: string, limit: number): Promise<UndecidedEvent[]> {
  return (await client.query<UndecidedEvent>(TAKE, [orgId, limit])).rows;
}

/** Of events that this transaction has taken. */
const WRITE = `
  update events set decisions = d.decisions, configuration_version = d.version
  from unnest($1::text[], $2::text[], $3::bigint[]) as d (id, decisions, version) where events.id = d.id`;

export async function writeDecisions(
  client: PoolClient,
  decided: readonly { id: string; decisions: string | null; configurationVersion: bigint | null }[],
): Promise<void> {
  await client.query(WRITE, [
    decided.map(({ id }) => id),
    decided.map(({ decisions }) => decisions),
    decided.map(({ configurationVersion }) => configurationVersion),
  ]);
}
