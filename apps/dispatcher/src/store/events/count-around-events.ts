import type { Pool } from '@agent-platform/database';

/** What lists and events show as counts goes no further. */
const MAX_COUNTED = 1_000;

/** Reads, for each event, no more than MAX_COUNTED entries of the indexes that begin with its id. No locks. */
const COUNT_AROUND_EVENTS = `
  select e.id, e.decisions is null as undecided,
    (select count(*)::int from (
      select from event_duplicates d where d.event_id = e.id and d.org_id = e.org_id limit ${MAX_COUNTED}
    ) as counted) as "duplicateCount",
    (select count(*)::int from (
      select from runs r where r.event_id = e.id and r.org_id = e.org_id limit ${MAX_COUNTED}
    ) as counted) as "runCount"
  from events e where e.id = any ($2::text[]) and e.org_id = $1`;

export interface AroundEvent {
  readonly undecided: boolean;
  readonly duplicateCount: number;
  readonly runCount: number;
}

/** @returns what stands beside each event, by its id. */
export async function countAroundEvents(
  pool: Pool,
  orgId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, AroundEvent>> {
  const { rows } = await pool.query<AroundEvent & { id: string }>(COUNT_AROUND_EVENTS, [orgId, ids]);
  return new Map(rows.map(({ id, ...around }) => [id, around]));
}
