import type { Pool } from '@agent-platform/database';
import type { Step, UnplannedRun } from '../rows/run.ts';

/** The journal so far. Read after the claim: no other worker can add to it from then on. */
const LOAD_STEPS = `
  select number, kind, status, position, skill, tool, arguments, repeatable, result, result_bytes, result_sha256,
         error_code, error_message, started_at, finished_at
  from steps where run_id = $1 and org_id = $2 order by number`;

type Row = Pick<Step, 'number' | 'kind' | 'status' | 'position' | 'skill' | 'tool' | 'arguments' | 'repeatable'> &
  Pick<Step, 'result'> & {
    result_bytes: number | null;
    result_sha256: Buffer | null;
    error_code: string | null;
    error_message: string | null;
    started_at: Date;
    finished_at: Date | null;
  };

export async function loadSteps(pool: Pool, run: Pick<UnplannedRun, 'id' | 'orgId'>): Promise<Step[]> {
  const { rows } = await pool.query<Row>({ name: 'load-steps', text: LOAD_STEPS, values: [run.id, run.orgId] });
  return rows.map(({ result_bytes, result_sha256, error_code, error_message, started_at, finished_at, ...row }) => ({
    ...row,
    cut: result_bytes === null ? null : { sizeBytes: result_bytes, sha256: result_sha256!.toString('hex') },
    error: error_code === null ? null : { code: error_code, message: error_message ?? '' },
    startedAt: started_at,
    finishedAt: finished_at,
  }));
}
