import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { RecordTokenUseRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';

/**
 * Writes a token's last use, at most once in each minute of the clock however many replicas report it, and never an
 * earlier one over a later one. An ingest whose clock is ahead does not write into the future.
 *
 * Locks: the rows it writes, in the order of their ids, so that two reports never wait for each other in a circle. A row
 * that another report has just written is looked at again after the wait, by `due`, and is then not due any more.
 */
const RECORD = `
  with uses as (
    select org_id, id, least(max(used_at), $4::timestamptz) as used_at
      from unnest($1::text[], $2::text[], $3::timestamptz[]) as u(org_id, id, used_at) group by org_id, id
  ), due as materialized (
    select t.org_id, t.id, u.used_at
      from webhook_tokens t join uses u on u.org_id = t.org_id and u.id = t.id
     where t.last_used_at is null or date_trunc('minute', u.used_at) > date_trunc('minute', t.last_used_at)
     order by t.id for no key update of t
  )
  update webhook_tokens t set last_used_at = due.used_at
    from due where t.org_id = due.org_id and t.id = due.id`;

/** Tokens that are gone, or of another tenant, are passed over. */
export async function recordTokenUse({ pool, clock }: Context, { uses }: RecordTokenUseRequest): Promise<void> {
  await pool.query(RECORD, [
    uses.map(({ orgId }) => orgId),
    uses.map(({ tokenId }) => tokenId),
    uses.map(({ usedAt }) => timestampDate(usedAt!)),
    new Date(clock()),
  ]);
}
