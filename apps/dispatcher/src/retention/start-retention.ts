import type { Pool } from '@agent-platform/database';
import { repeat } from '@agent-platform/runtime';
import type { Logger } from '@agent-platform/telemetry';
import { deleteOld, type Batches, type Deleted } from './delete-old.ts';

export interface RetentionConfig {
  /** What has ended, and events without runs, stay for as long. */
  readonly keepMs: number;
  /** Between looks for what is too old. */
  readonly everyMs: number;
  readonly batches: Batches;
}

export interface RetentionDeps {
  readonly pool: Pool;
  readonly logger: Logger;
  readonly onDeleted: (deleted: Partial<Deleted>) => void;
}

const FIRST_WITHIN_MS = 60_000;

/** Deletes what is too old, now and then, until it is disposed of; that waits for the batch under way. */
export function startRetention(config: RetentionConfig, { pool, logger, onDeleted }: RetentionDeps): AsyncDisposable {
  // Dispatchers that are started together do not look together; one that is started often comes to it too.
  const firstPauseMs = Math.min(config.everyMs, FIRST_WITHIN_MS) * Math.random();
  return repeat(async (signal) => {
    const before = new Date(Date.now() - config.keepMs);
    await deleteOld(pool, { before, batches: config.batches, signal }, onDeleted).catch((error: unknown) => {
      if (!signal.aborted) logger.warn({ err: error }, 'old events and runs could not be deleted');
    });
    return config.everyMs * (0.5 + Math.random());
  }, firstPauseMs);
}
