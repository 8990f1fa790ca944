import { transaction, type Pool, type PoolClient } from '@agent-platform/database';
import type { Configuration } from '../configuration/configuration.ts';
import { ensurePlans } from '../store/plans/ensure-plans.ts';
import { findOriginals } from '../store/events/find-originals.ts';
import { insertDuplicates, type Duplicates } from '../store/events/insert-duplicates.ts';
import { insertEvents, type NewEvent } from '../store/events/insert-events.ts';
import { insertRuns } from '../store/runs/insert-runs.ts';
import { decideOn, UNDECIDED, type Decided } from './decide-on.ts';
import { findOriginalsInBatch } from './originals-in-batch.ts';
import type { IncomingEvent } from '../store/rows/event.ts';

export interface Stored extends Duplicates {
  readonly events: number;
  readonly runs: number;
  readonly undecided: number;
}

const DUPLICATE: Decided = { decisions: '[]', configurationVersion: null, runs: [] };

/**
 * Stores a batch in one transaction: each event once, with the decisions on it and the runs they start, and each repeated
 * request beside the event it repeats. Storing the same batch again changes nothing.
 *
 * @param configurations - of the tenants whose configuration can be read; the events of the others are decided on later.
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
      const duplicateOf = originals.get(event.id) ?? null;
      return { event, duplicateOf, ...(duplicateOf ? DUPLICATE : decided(event, configurations)) };
    });
    const inserted = await insert(client, candidates);
    const repeated = batch.filter((event) => !inserted.has(event.id) || first.get(event.id) !== event);
    const stored = candidates.filter(({ event }) => inserted.has(event.id));
    return {
      events: inserted.size,
      ...(await insertDuplicates(client, repeated)),
      runs: stored.reduce((sum, { runs }) => sum + runs.length, 0),
      undecided: stored.filter(({ decisions }) => decisions === null).length,
    };
  });
}

function decided(event: IncomingEvent, configurations: ReadonlyMap<string, Configuration>): Decided {
  const configuration = configurations.get(event.orgId);
  return configuration ? decideOn(configuration, event) : UNDECIDED;
}

/** @returns the ids of the events that were new. Only those start runs. */
async function insert(client: PoolClient, candidates: readonly (NewEvent & Decided)[]): Promise<ReadonlySet<string>> {
  await ensurePlans(
    client,
    candidates.flatMap(({ runs }) => runs),
  );
  const inserted = await insertEvents(client, candidates);
  await insertRuns(
    client,
    candidates.flatMap(({ event, runs }) => (inserted.has(event.id) ? runs : [])),
  );
  return inserted;
}
