import { randomUUID } from 'node:crypto';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { EventService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/errors';
import type { ServiceImpl } from '@connectrpc/connect';
import { explain, type ExplainDeps } from '../events/explain.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { replayEvent, type ReplayDeps } from '../replays/replay-event.ts';
import { countReplay, replayEvents } from '../replays/replay-events.ts';
import { countAroundEvents } from '../store/events/count-around-events.ts';
import { decisionMessage, eventMessage } from './event-messages.ts';
import { listEvents } from './list-events.ts';
import { renamed } from './list-filters.ts';
import { askedEvent, askedEvents, replayStates } from './replay-messages.ts';
import { tenantDatabase } from './tenant-database.ts';

/** A sender that repeats itself for days must not make an event unreadable. */
const MAX_DUPLICATES = 100;

export interface EventServiceDeps extends ReplayDeps, ExplainDeps {
  readonly prisma: PrismaClient;
}

export function eventService({ prisma, source, ...deps }: EventServiceDeps) {
  return {
    async getEvent({ event: id }, context) {
      const { orgId } = userOf(context);
      const db = tenantDatabase(prisma, orgId);
      const event = await db.event.findUnique({ where: { id } });
      if (!event) throw eventNotFound(id);
      const duplicates = await db.eventDuplicate.findMany({
        where: { eventId: id },
        // What differs is what somebody has to see.
        orderBy: [{ contentDiffers: 'desc' }, { receivedAt: 'asc' }],
        take: MAX_DUPLICATES,
      });
      duplicates.sort((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime());
      const around = await countAroundEvents(deps.pool, orgId, [id]);
      return { event: eventMessage(event, duplicates, around.get(id)) };
    },

    async getDecision({ event: id, trigger }, context) {
      const db = tenantDatabase(prisma, userOf(context).orgId);
      const event = await db.event.findUnique({ where: { id }, omit: { payload: true } });
      if (!event) throw eventNotFound(id);
      const { configurations } = deps;
      return { decision: decisionMessage(await explain({ configurations, source }, event, trigger)) };
    },

    async listEvents(request, context) {
      const { orgId } = userOf(context);
      return listEvents({ db: tenantDatabase(prisma, orgId), pool: deps.pool, orgId }, request);
    },

    async replayEvent(request, context) {
      const { orgId, subject } = userOf(context);
      const { event: id, trigger } = request;
      const event = await tenantDatabase(prisma, orgId).event.findUnique({ where: { id }, omit: { payload: true } });
      if (!event) throw eventNotFound(id);
      if (event.duplicateOf) {
        const message = `Event ${id} repeats ${event.duplicateOf} and starts no runs: replay that one.`;
        throw new AppError('failed_precondition', 'event_is_duplicate', message);
      }
      const replayId = request.replayId || randomUUID();
      const by = { orgId, id: replayId, requestedBy: subject };
      const asked = { ...by, kind: 'event', request: askedEvent(request) } as const;
      const decisions = await replayEvent(deps, asked, { event, trigger });
      return { replayId, decisions: decisions.map(decisionMessage) };
    },

    async replayEvents(request, context) {
      const { orgId, subject } = userOf(context);
      const { receivedFrom, receivedBefore, eventType, trigger, dryRun } = request;
      const sourceId = renamed('webhook_source', request.webhookSource, request.webhookSourceId);
      const times = { receivedFrom: timestampDate(receivedFrom!), receivedBefore: timestampDate(receivedBefore!) };
      const range = { orgId, ...times, eventType, sourceId, trigger };
      if (dryRun) {
        const { eventCount, runCount } = await countReplay(deps, range);
        return { eventCount, runCount };
      }
      const by = { orgId, id: request.replayId || randomUUID(), requestedBy: subject };
      const asked = { ...by, kind: 'events', request: askedEvents(request) } as const;
      const { id: replayId, eventCount, runCount, startedCount, state } = await replayEvents(deps, asked, range);
      return { replayId, eventCount, runCount, startedCount, state: replayStates[state] };
    },
  } satisfies ServiceImpl<typeof EventService>;
}

function eventNotFound(id: string): AppError {
  return new AppError('not_found', 'event_not_found', `There is no event ${id}; a new one appears within a second.`);
}
