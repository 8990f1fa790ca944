import type { Pool } from '@agent-platform/database';
import type { ReplayService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/service';
import type { ServiceImpl } from '@connectrpc/connect';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Replay, ReplayKey } from '../replays/replay.ts';
import { cancelReplay } from '../store/cancel-replay.ts';
import { findReplay } from '../store/find-replay.ts';
import { decodePageToken, encodePageToken, invalidPageToken, pageSizeOf } from './page.ts';
import { replayMessage } from './replay-messages.ts';
import { tenantDatabase } from './tenant-database.ts';

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
      const rows = await db.replay.findMany({
        where: pageToken ? after(pageToken) : {},
        omit: { scope: true, position: true },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: take + 1,
      });
      const page = rows.slice(0, take);
      const last = page.at(-1);
      const nextPageToken = last && rows.length > take ? encodePageToken([last.createdAt.toISOString(), last.id]) : '';
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

function after(pageToken: string) {
  const [time, id] = decodePageToken(pageToken, 2);
  const createdAt = new Date(time!);
  if (Number.isNaN(createdAt.getTime())) throw invalidPageToken();
  const OR = [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: id! } }];
  // Says no more than OR does, but it is what PostgreSQL takes to an index.
  return { createdAt: { lte: createdAt }, OR };
}
