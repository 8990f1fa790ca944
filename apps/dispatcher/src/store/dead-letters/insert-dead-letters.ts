import type { Pool } from '@agent-platform/database';
import type { StoredLetter } from '../rows/dead-letter.ts';

/** A letter that is there already is left alone: the bus may deliver it again. Locks nothing else. */
const INSERT_DEAD_LETTERS = `
  insert into dead_letters (id, org_id, event_id, source_id, topic, partition, "offset", headers, value, size_bytes,
                            reason_code, reason_message, dead_lettered_at)
  select id, org_id, event_id, source_id, topic, partition, "offset", headers, value, octet_length(value),
         reason_code, reason_message, dead_lettered_at
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[], $8::text[],
              $9::bytea[], $10::text[], $11::text[], $12::timestamptz[])
    as l (id, org_id, event_id, source_id, topic, partition, "offset", headers, value,
          reason_code, reason_message, dead_lettered_at)
  order by id
  on conflict (id) do nothing
  returning id`;

/** @returns the ids of the letters that were new. */
export async function insertDeadLetters(pool: Pool, letters: readonly StoredLetter[]): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ id: string }>(INSERT_DEAD_LETTERS, [
    letters.map(({ id }) => id),
    letters.map(({ orgId }) => orgId),
    letters.map(({ eventId }) => eventId),
    letters.map(({ sourceId }) => sourceId),
    letters.map(({ topic }) => topic),
    letters.map(({ partition }) => partition),
    letters.map(({ offset }) => offset),
    letters.map(({ headers }) => headers),
    letters.map(({ value }) => Buffer.from(value)),
    letters.map(({ reason }) => reason.code),
    letters.map(({ reason }) => reason.message),
    letters.map(({ at }) => at),
  ]);
  return new Set(rows.map(({ id }) => id));
}
