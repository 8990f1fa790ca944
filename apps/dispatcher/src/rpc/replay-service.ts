import type { Pool } from '@agent-platform/database';
import type { ReplayService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/errors';
import type { ServiceImpl } from '@connectrpc/connect';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { cancelReplay } from '../store/replays/cancel-replay.ts';
import { findReplay } from '../store/replays/find-replay.ts';
import { behind, decodeTimePlace, encodeTimePlace, pageSizeOf } from './page.ts';
import { replayMessage } from './replay-messages.ts';
import { tenantDatabase } from './tenant-database.ts';
import type { Replay, ReplayKey } from '../store/rows/replay.ts';

export interface ReplayServiceDeps {
  readonly prisma: PrismaClient;
  readonly pool: Pool;
}

export function replayService({ prisma, pool }: ReplayServiceDeps) {
  return {
    async getReplay({ replay: id }, context) {
      return { replay: replayMessage(await find(pool, { orgId: userOf(context).orgId, id })) };
    },

    async listReplays({ pageSize, pageToken }, context) {
      const db = tenantDatabase(prisma, userOf(context).orgId);
      const take = pageSizeOf(pageSize);
      const place = decodeTimePlace(pageToken);
      const rows = await db.replay.findMany({
        where: place ? behind('createdAt', place) : {},
        omit: { scope: true, position: true },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: take + 1,
      });
      const page = rows.slice(0, take);
      const last = page.at(-1);
      const nextPageToken = last && rows.length > take ? encodeTimePlace({ at: last.createdAt, id: last.id }) : '';
      return { replays: page.map(replayMessage), nextPageToken };
    },

    async cancelReplay({ replay: id }, context) {
      const key = { orgId: userOf(context).orgId, id };
      const cancelled = await cancelReplay(pool, key);
      const replay = await find(pool, key);
      if (!cancelled && replay.state !== 'cancelled') {
        const message = `Replay ${id} has started all of its runs; cancel those that are still to end one by one.`;
        throw new AppError('failed_precondition', 'replay_state_wrong', message);
      }
      return { replay: replayMessage(replay) };
    },
  } satisfies ServiceImpl<typeof ReplayService>;
}

/** @throws AppError `replay_not_found` */
async function find(pool: Pool, key: ReplayKey): Promise<Replay> {
  const replay = await findReplay(pool, key);
  if (replay) return replay;
  throw new AppError('not_found', 'replay_not_found', `There is no replay "${key.id}".`);
}
