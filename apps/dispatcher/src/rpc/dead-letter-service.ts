import type { DeadLetterService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';
import type { ServiceImpl } from '@connectrpc/connect';
import { redrive, type RedriveDeps } from '../dead-letters/redrive.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { findRequestedRedrive, requestRedrives } from '../store/dead-letters/redrives.ts';
import { deadLetterMessage } from './dead-letter-messages.ts';
import { timeRange } from './list-filters.ts';
import { behind, decodeTimePlace, encodeTimePlace, pageSizeOf } from './page.ts';
import { tenantDatabase, type TenantDatabase } from './tenant-database.ts';

export interface DeadLetterServiceDeps extends RedriveDeps {
  readonly prisma: PrismaClient;
  readonly logger: Logger;
}

const WITHOUT_BYTES = { value: true, headers: true } as const;

export function deadLetterService({ prisma, logger, ...redriving }: DeadLetterServiceDeps) {
  return {
    async listDeadLetters({ pageSize, pageToken, deadLetteredFrom, deadLetteredBefore }, context) {
      const db = tenantDatabase(prisma, userOf(context).orgId);
      const take = pageSizeOf(pageSize);
      const place = decodeTimePlace(pageToken);
      const rows = await db.deadLetter.findMany({
        where: {
          ...(place && behind('deadLetteredAt', place)),
          // Beside the place in the list, which is a time too.
          AND: { deadLetteredAt: timeRange('dead_lettered', deadLetteredFrom, deadLetteredBefore) },
        },
        omit: WITHOUT_BYTES,
        orderBy: [{ deadLetteredAt: 'desc' }, { id: 'desc' }],
        take: take + 1,
      });
      const page = rows.slice(0, take);
      const last = page.at(-1);
      const nextPageToken = last && rows.length > take ? encodeTimePlace({ at: last.deadLetteredAt, id: last.id }) : '';
      return { deadLetters: page.map(deadLetterMessage), nextPageToken };
    },

    async redriveDeadLetter({ deadLetter: id }, context) {
      const { orgId, subject } = userOf(context);
      const db = tenantDatabase(prisma, orgId);
      await findLetter(db, id);
      await requestRedrives(redriving.pool, [id], { orgId, by: subject });
      const requested = await findRequestedRedrive(redriving.pool, id);
      if (requested) {
        await redrive(redriving, requested, context.signal).catch((error: unknown) => {
          logger.warn({ err: error, dead_letter: id }, 'a dead letter cannot be redriven yet');
        });
      }
      return { deadLetter: deadLetterMessage(await findLetter(db, id)) };
    },
  } satisfies ServiceImpl<typeof DeadLetterService>;
}

/** @throws AppError `dead_letter_not_found` */
async function findLetter(db: TenantDatabase, id: string) {
  const letter = await db.deadLetter.findUnique({ where: { id }, omit: WITHOUT_BYTES });
  if (!letter) throw new AppError('not_found', 'dead_letter_not_found', `There is no dead letter ${id}.`);
  return letter;
}
