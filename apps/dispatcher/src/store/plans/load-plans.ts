import type { Pool } from '@agent-platform/database';

const LOAD_PLANS = `
  select p.org_id as "orgId", encode(p.hash, 'hex') as "planHash", p.content
  from plans p join unnest($1::text[], $2::text[]) as w (org_id, hash)
    on p.org_id = w.org_id and p.hash = decode(w.hash, 'hex')`;

/** A plan's key. */
export interface PlanKey {
  readonly orgId: string;
  /** Hexadecimal. */
  readonly planHash: string;
}

/** Reads plans by their primary key: each with its JSON. */
export async function loadPlans(
  pool: Pool,
  keys: readonly PlanKey[],
): Promise<(PlanKey & { readonly content: string })[]> {
  const values = [keys.map(({ orgId }) => orgId), keys.map(({ planHash }) => planHash)];
  const { rows } = await pool.query<PlanKey & { content: string }>(LOAD_PLANS, values);
  return rows;
}
