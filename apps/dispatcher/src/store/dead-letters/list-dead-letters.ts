import type { Pool } from '@agent-platform/database';

/** A letter of any tenant, as operators see it: without its bytes. */
export interface OperatorsLetter {
  readonly id: string;
  readonly orgId: string | null;
  readonly eventId: string | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly reasonCode: string;
  readonly reasonMessage: string;
  readonly deadLetteredAt: Date;
  readonly redriveRequestedAt: Date | null;
  readonly redrivenAt: Date | null;
  /** `processed` or `refused`. */
  readonly redriveOutcome: string | null;
  readonly redriveErrorMessage: string | null;
}

/** Takes no locks. */
const LIST_DEAD_LETTERS = `
  select id, org_id as "orgId", event_id as "eventId", topic, partition, "offset", reason_code as "reasonCode",
         reason_message as "reasonMessage", dead_lettered_at as "deadLetteredAt",
         redrive_requested_at as "redriveRequestedAt", redriven_at as "redrivenAt", redrive_outcome as "redriveOutcome",
         redrive_error_message as "redriveErrorMessage"
  from dead_letters
  where ($1::text[] is null or id = any ($1)) and (not $2 or redrive_outcome is distinct from 'processed')
    and dead_lettered_at >= coalesce($3, '-infinity'::timestamptz)
    and dead_lettered_at < coalesce($4, 'infinity'::timestamptz)
  order by dead_lettered_at desc, id desc
  limit $5`;

/** Newest first, of every tenant and of none. */
export async function listDeadLetters(
  pool: Pool,
  o: {
    readonly limit: number;
    readonly ids?: readonly string[];
    /** Without those that were processed since. */
    readonly open?: boolean;
    readonly from?: Date | undefined;
    readonly before?: Date | undefined;
  },
): Promise<OperatorsLetter[]> {
  const values = [o.ids ?? null, o.open ?? false, o.from ?? null, o.before ?? null, o.limit];
  return (await pool.query<OperatorsLetter>(LIST_DEAD_LETTERS, values)).rows;
}
