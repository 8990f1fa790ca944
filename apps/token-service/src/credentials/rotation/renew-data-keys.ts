import type { RotationContext, RotationCounts } from './context.ts';
import { inTheBackground } from './in-the-background.ts';

const FIND_OLD = `
  select org_id as "orgId", version
  from data_keys k
  where created_at <= $1
    and not exists (select from data_keys newer where newer.org_id = k.org_id and newer.version > k.version)`;

/** Gives every tenant whose data key has reached its age a new one. Its secrets follow one by one. */
export async function renewDataKeys(
  { pool, dataKeys, dataKeyMaxAgeMs, clock }: RotationContext,
  counts: RotationCounts,
  signal: AbortSignal,
): Promise<void> {
  const old = new Date(Math.max(0, clock() - dataKeyMaxAgeMs));
  const { rows } = await pool.query<{ orgId: string; version: number }>(FIND_OLD, [old]);
  for (const { orgId, version } of rows) {
    // Counted from the key that was found: processes that find the same old key make the same new one.
    const created = await inTheBackground(signal, () => dataKeys.create(orgId, version + 1));
    if (created) counts.renewed += 1;
  }
}
