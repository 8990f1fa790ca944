import { setTimeout as sleep } from 'node:timers/promises';
import { transaction, type Pool } from '@agent-platform/database';
import { newTraceparent, type Logger } from '@agent-platform/service';
import type { Configuration } from '../configuration/configuration.ts';
import type { ConfigurationCache } from '../configuration/configuration-cache.ts';
import { ensurePlans } from '../store/ensure-plans.ts';
import { insertRuns } from '../store/insert-runs.ts';
import { listUndecidedTenants, takeUndecidedEvents, writeDecisions } from '../store/undecided-events.ts';
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
  const closing = new AbortController();
  const { signal } = closing;

  async function pass(): Promise<void> {
    const tenants = await listUndecidedTenants(pool);
    if (tenants.length > 0) wake();
    for (const orgId of tenants) {
      try {
        const configuration = await configurations.current(orgId);
        while (!signal.aborted && (await decideBatch(pool, orgId, configuration)) === BATCH_SIZE) wake();
        wake();
      } catch (error) {
        logger.error({ err: error, org_id: orgId }, 'events cannot be decided on yet');
      }
    }
  }

  const running = (async () => {
    while (!signal.aborted) {
      await pass().catch((error: unknown) => logger.warn({ err: error }, 'undecided events cannot be listed'));
      await sleep(PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      closing.abort();
      await running;
    },
  };
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
