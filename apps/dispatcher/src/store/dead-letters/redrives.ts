import type { Pool } from '@agent-platform/database';

/** Null: an operator, who sees all of them. */
export type LetterScope = { readonly orgId: string | null };

/** One that was processed stays so, and one that waits already keeps its place. */
const REQUEST_REDRIVES = `
  update dead_letters
  set redrive_requested_at = case when redriven_at is null then coalesce(redrive_requested_at, now()) else now() end,
      redrive_requested_by = $3, redriven_at = null, redrive_outcome = null,
      redrive_error_code = null, redrive_error_message = null
  where id = any ($1::text[]) and ($2::text is null or org_id = $2) and redrive_outcome is distinct from 'processed'`;

export async function requestRedrives(
  pool: Pool,
  ids: readonly string[],
  o: LetterScope & { readonly by: string },
): Promise<void> {
  await pool.query(REQUEST_REDRIVES, [ids, o.orgId, o.by]);
}

export interface RequestedRedrive {
  readonly id: string;
  readonly value: Buffer;
  /** JSON object. */
  readonly headers: string;
  readonly partition: number;
  readonly offset: string;
  readonly deadLetteredAt: Date;
}

const COLUMNS = `id, value, headers, partition, "offset", dead_lettered_at as "deadLetteredAt"`;
const REQUESTED = `redrive_requested_at is not null and redriven_at is null`;

const FIND_REQUESTED = `select ${COLUMNS} from dead_letters where ${REQUESTED} and id = $1`;

/** Undefined when it is not asked for, or done by now. */
export async function findRequestedRedrive(pool: Pool, id: string): Promise<RequestedRedrive | undefined> {
  const { rows } = await pool.query<RequestedRedrive>(FIND_REQUESTED, [id]);
  return rows[0];
}

/** The oldest letter after one of them; takes no locks. */
const NEXT_REQUESTED = `
  select ${COLUMNS} from dead_letters
  where ${REQUESTED} and (dead_lettered_at, id) > ($1, $2)
  order by dead_lettered_at, id limit 1`;

export async function nextRequestedRedrive(
  pool: Pool,
  after: Pick<RequestedRedrive, 'deadLetteredAt' | 'id'>,
): Promise<RequestedRedrive | undefined> {
  const { rows } = await pool.query<RequestedRedrive>(NEXT_REQUESTED, [after.deadLetteredAt, after.id]);
  return rows[0];
}

/** Of two that redrove it at once, the one that succeeded counts. */
const FINISH_REDRIVE = `
  update dead_letters
  set redriven_at = now(), redrive_outcome = $2, redrive_error_code = $3, redrive_error_message = $4
  where id = $1 and redrive_outcome is distinct from 'processed'`;

export async function finishRedrive(
  pool: Pool,
  id: string,
  refusal: { readonly code: string; readonly message: string } | undefined,
): Promise<void> {
  const outcome = refusal ? 'refused' : 'processed';
  await pool.query(FINISH_REDRIVE, [id, outcome, refusal?.code ?? null, refusal?.message ?? null]);
}
