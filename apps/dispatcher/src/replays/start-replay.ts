import { transaction, type Pool, type PoolClient } from '@agent-platform/database';
import { AppError } from '@agent-platform/errors';
import { advanceReplay } from '../store/replays/advance-replay.ts';
import { findReplay } from '../store/replays/find-replay.ts';
import { insertReplay } from '../store/replays/insert-replay.ts';
import type { AskedReplay, Batch, Replay, ReplayCounts, ReplayWork } from '../store/rows/replay.ts';

export interface PreparedReplay extends ReplayCounts, ReplayWork {
  readonly firstBatch: (client: PoolClient) => Promise<Batch>;
}

/**
 * Starts a replay that is new and does its first batch, all or nothing; for one that is known it does nothing. Most
 * replays are over with that, and the others go on in the background.
 *
 * @param prepare - what there is to do; refuses what is too much.
 * @returns how far it is.
 * @throws AppError `replay_id_taken`
 */
export async function startReplay(
  pool: Pool,
  asked: AskedReplay,
  prepare: () => Promise<PreparedReplay>,
): Promise<Replay> {
  const known = await findReplay(pool, asked);
  if (known) return sameAs(known, asked);
  const prepared = await prepare();
  await transaction(pool, async (client) => {
    if (!(await insertReplay(client, { ...asked, ...prepared }))) return;
    await advanceReplay(client, asked, await prepared.firstBatch(client));
  });
  return sameAs((await findReplay(pool, asked))!, asked);
}

function sameAs(known: Replay, { kind, request, id }: AskedReplay): Replay {
  if (known.kind === kind && known.request === request) return known;
  const message =
    `The replay "${id}" was asked for with another request, which GET /api/v1/replays/${id} shows. ` +
    'Give this one another replay_id, or none.';
  throw new AppError('already_exists', 'replay_id_taken', message, {
    fields: [{ field: 'replay_id', description: 'is that of another request' }],
  });
}
