import { tenantScope } from '@agent-platform/database';
import type { EventService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/service';
import type { ServiceImpl } from '@connectrpc/connect';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { eventMessage, listedEventMessage } from './event-messages.ts';
import { decodePageToken, encodePageToken, pageSizeOf } from './page.ts';

/** A sender that repeats itself for days must not make an event unreadable. */
const MAX_DUPLICATES = 100;

export function eventService(prisma: PrismaClient) {
  return {
    async getEvent({ event: id }, context) {
      const db = prisma.$extends(tenantScope(userOf(context).orgId));
      const event = await db.event.findUnique({ where: { id } });
      if (!event) {
        throw new AppError(
          'not_found',
          'event_not_found',
          `There is no event ${id}; a new one appears within a second.`,
        );
      }
      const duplicates = await db.eventDuplicate.findMany({
        where: { eventId: id },
        orderBy: { receivedAt: 'asc' },
        take: MAX_DUPLICATES,
      });
      return { event: eventMessage(event, duplicates) };
    },

    async listEvents({ pageSize, pageToken, eventType, webhookSourceId }, context) {
      const db = prisma.$extends(tenantScope(userOf(context).orgId));
      const take = pageSizeOf(pageSize);
      const rows = await db.event.findMany({
        where: {
          ...(eventType && { eventType }),
          ...(webhookSourceId && { sourceId: webhookSourceId }),
          ...(pageToken && { OR: after(pageToken) }),
        },
        omit: { payload: true, decisions: true, contentHash: true },
        // Ids made from a key or from content say nothing about time.
        orderBy: [{ receivedAt: 'desc' }, { id: 'desc' }],
        take: take + 1,
      });
      const page = rows.slice(0, take);
      const last = page.at(-1);
      const nextPageToken = last && rows.length > take ? encodePageToken([last.receivedAt.toISOString(), last.id]) : '';
      return { events: page.map(listedEventMessage), nextPageToken };
    },
  } satisfies ServiceImpl<typeof EventService>;
}

function after(pageToken: string) {
  const [time, id] = decodePageToken(pageToken, 2);
  const receivedAt = new Date(time!);
  if (Number.isNaN(receivedAt.getTime()))
    throw new AppError('invalid_argument', 'page_token_invalid', 'page_token is not one a list has answered.');
  return [{ receivedAt: { lt: receivedAt } }, { receivedAt, id: { lt: id! } }];
}
