import { transaction, type Pool } from '@agent-platform/database';
import { repeat } from '@agent-platform/runtime';
import { newTraceparent, type Logger } from '@agent-platform/telemetry';
import type { Configuration } from '../configuration/configuration.ts';
import type { ConfigurationCache } from '../configuration/configuration-cache.ts';
import { ensurePlans } from '../store/plans/ensure-plans.ts';
import { insertRuns } from '../store/runs/insert-runs.ts';
import { listUndecidedTenants, takeUndecidedEvents, writeDecisions } from '../store/events/undecided-events.ts';
import { decideOn } from './decide-on.ts';

export interface DecideLaterDeps {
  readonly pool: Pool;
  readonly configurations: ConfigurationCache;
  readonly logger: Logger;
  /** Called after runs were committed. */
  readonly wake: () => void;
}

const PAUSE_MS = 1_000;
const BATCH_SIZE = 50;

/**
 * Decides on the events of tenants whose configuration could not be read when they came, once it can: each tenant's in the
 * order they came, and no tenant waits for another. Works until it is disposed of.
 */
export function startDecidingLater({ pool, configurations, logger, wake }: DecideLaterDeps): AsyncDisposable {
  async function pass(signal: AbortSignal): Promise<void> {
    for (const orgId of await listUndecidedTenants(pool)) {
      try {
        const configuration = await configurations.current(orgId);
        for (let decided = BATCH_SIZE; decided === BATCH_SIZE && !signal.aborted;) {
          decided = await decideBatch(pool, orgId, configuration);
          wake();
        }
      } catch (error) {
        logger.error({ err: error, org_id: orgId }, 'events cannot be decided on yet');
      }
    }
  }

  return repeat(async (signal) => {
    await pass(signal).catch((error: unknown) => logger.warn({ err: error }, 'undecided events cannot be listed'));
    return PAUSE_MS;
  });
}

/** @returns how many events were decided on. */
function decideBatch(pool: Pool, orgId: string, configuration: Configuration): Promise<number> {
  return transaction(pool, async (client) => {
    const events = await takeUndecidedEvents(client, orgId, BATCH_SIZE);
    const decided = events.map((event) => ({
      id: event.id,
      ...decideOn(configuration, { ...event, traceparent: newTraceparent() }),
    }));
    const runs = decided.flatMap((event) => event.runs);
    await ensurePlans(client, runs);
    await writeDecisions(client, decided);
    await insertRuns(client, runs);
    return events.length;
  });
}
