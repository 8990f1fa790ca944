/** Runs that may be claimed now, as the partial index `(org_id, trigger_id, claimable_at)` has them. */
export const DUE = `due and status in ('queued', 'running')`;
