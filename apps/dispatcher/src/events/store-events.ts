import type { Configuration } from '@agent-platform/proto';
import { transaction, type Pool } from '@agent-platform/database';
import { newId } from '@agent-platform/service';
import { findOriginals } from '../store/find-originals.ts';
import { insertDuplicates } from '../store/insert-duplicates.ts';
import { insertEvents, type NewEvent, type NewRun } from '../store/insert-events.ts';
import type { Decision } from './decision.ts';
import type { IncomingEvent } from './incoming-event.ts';
import { findOriginalsInBatch } from './originals-in-batch.ts';
import { matchTriggers } from './match-triggers.ts';
import { plannedRun } from './planned-run.ts';

export interface Stored {
  readonly events: number;
  readonly duplicates: number;
  readonly runs: number;
}

/**
 * Stores a batch in one transaction: each event once, with every trigger's decision and the runs they start, and
 * each repeated request beside the event it repeats. Storing the same batch again changes nothing.
 */
export async function storeEvents(
  pool: Pool,
  batch: readonly IncomingEvent[],
  configurations: ReadonlyMap<string, Configuration>,
): Promise<Stored> {
  const first = new Map(batch.toReversed().map((event) => [event.id, event]));
  const events = [...first.values()].reverse();
  return transaction(pool, async (client) => {
    const originals = findOriginalsInBatch(events, await findOriginals(client, events));
    const candidates = events.map((event) => {
      const original = originals.get(event.id);
      if (original) return { event, duplicateOf: original, decisions: '[]', runs: [] };
      return decide(event, configurations.get(event.orgId)!);
    });
    const inserted = await insertEvents(client, candidates);
    const started = candidates.filter(({ event }) => inserted.has(event.id));
    const repeated = batch.filter((event) => !inserted.has(event.id) || first.get(event.id) !== event);
    return {
      events: inserted.size,
      duplicates: await insertDuplicates(client, repeated),
      runs: started.reduce((sum, { runs }) => sum + runs.length, 0),
    };
  });
}

function decide(event: IncomingEvent, configuration: Configuration): NewEvent {
  const runs: NewRun[] = [];
  const decisions = matchTriggers(configuration, event).map((match): Decision => {
    const { triggerId, triggerName, reason, plan } = match;
    if (!plan) return { trigger_id: triggerId, trigger: triggerName, matched: false, reason };
    const id = newId('run');
    runs.push({ id, ...plannedRun(match, plan) });
    return { trigger_id: triggerId, trigger: triggerName, matched: true, reason, run_id: id };
  });
  return { event, duplicateOf: null, decisions: JSON.stringify(decisions), runs };
}
