import { performance } from 'node:perf_hooks';
import type { Pool } from '@agent-platform/database';
import { withSpan, type Logger } from '@agent-platform/telemetry';
import type { DispatcherMetrics } from '../metrics.ts';
import { loadSteps } from '../store/runs/load-steps.ts';
import { executeRun } from './execute-run.ts';
import type { Outside } from './execution.ts';
import type { HeldRun } from './held-runs.ts';
import { createJournal } from './journal.ts';
import type { ClaimedRun } from './run.ts';
import type { RunWriter } from './run-writer.ts';
import { LeaseLost } from './stop.ts';

export interface WorkDeps extends Outside {
  readonly pool: Pool;
  readonly writer: Pick<RunWriter, 'write'>;
  readonly logger: Logger;
  readonly metrics: DispatcherMetrics;
}

/** Executes a claimed run and writes what became of it. Never rejects: a run that cannot be written is taken over. */
export async function workOnRun(deps: WorkDeps, run: ClaimedRun, held: HeldRun): Promise<void> {
  const { pool, writer, metrics } = deps;
  const { isHeld, signal, cancelled } = held;
  const logger = deps.logger.child({ run_id: run.id, event_id: run.event.id, org_id: run.orgId });
  const startedMs = performance.now();
  try {
    const steps = run.epoch > 1 ? await loadSteps(pool, run) : [];
    const { step: onStep } = metrics;
    const journal = createJournal({ writer, run, steps, isHeld, onStep, onCancelRequested: held.cancel });
    const attributes = { run_id: run.id, event_id: run.event.id };
    const outcome = await withSpan('run', { traceparent: run.traceparent, attributes }, (traceparent) => {
      const trace = traceparent ? { traceparent } : {};
      return executeRun({ ...deps, run, journal, signal, cancelled, trace, isHeld }, (error) =>
        logger.error({ err: error }, 'a run met an error nobody foresaw'),
      );
    });
    const status = await journal.finish(outcome);
    metrics.runs.inc({ outcome: status });
    metrics.runDuration.observe((performance.now() - startedMs) / 1_000);
    // At a thousand runs a second, one line for each that went well costs more than it tells.
    const code = 'error' in outcome ? outcome.error?.code : undefined;
    logger[status === 'succeeded' ? 'debug' : 'info']({ outcome: status, code }, 'run left');
  } catch (error) {
    // The lease ends by itself, and the run is taken up again from its journal.
    if (error instanceof LeaseLost) logger.info({ reason: error.message }, 'run lost to another worker');
    else logger.error({ err: error }, 'run left without a word');
  }
}
