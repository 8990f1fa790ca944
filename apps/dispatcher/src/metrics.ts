import type { Counter, Histogram, Metrics } from '@agent-platform/telemetry';
import type { Deleted } from './retention/delete-old.ts';
import type { Step } from './store/rows/run.ts';

export interface DispatcherMetrics {
  readonly events: Counter<'outcome'>;
  readonly differingDuplicates: Counter<never>;
  readonly eventLag: Histogram;
  readonly deadLetters: Counter<'reason'>;
  readonly runs: Counter<'outcome'>;
  readonly runDuration: Histogram;
  readonly step: (step: Step) => void;
  readonly circuit: (state: 'opened' | 'closed') => void;
  readonly deleted: (rows: Partial<Deleted>) => void;
  readonly queue: (depth: number, oldestSeconds: number) => void;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

export function createDispatcherMetrics(metrics: Metrics): DispatcherMetrics {
  const steps = metrics.histogram({
    name: 'dispatcher_step_duration_seconds',
    help: 'Calls to MCP servers and models, by kind and outcome.',
    labels: ['kind', 'outcome'],
    buckets: SECONDS,
  });
  const depth = metrics.gauge({
    name: 'dispatcher_queue_runs',
    help: 'Runs that are due and not taken up, counted up to 10000.',
  });
  const oldest = metrics.gauge({
    name: 'dispatcher_queue_lag_seconds',
    help: 'How long the run that is due longest has been waiting.',
  });
  const openCircuits = metrics.gauge({
    name: 'dispatcher_circuits_open',
    help: 'Skills whose MCP server is not called for now, because it kept failing.',
  });
  const opened = metrics.counter({
    name: 'dispatcher_circuits_opened_total',
    help: 'How often a skill stopped being called because its MCP server kept failing.',
  });
  const deleted = metrics.counter({
    name: 'dispatcher_retention_deleted_total',
    help: 'Rows deleted because of their age, by table.',
    labels: ['table'],
  });
  return {
    events: metrics.counter({
      name: 'dispatcher_events_total',
      help: 'Accepted events: stored, or recorded as a duplicate of a stored one.',
      labels: ['outcome'],
    }),
    differingDuplicates: metrics.counter({
      name: 'dispatcher_differing_duplicates_total',
      help: 'Requests that repeated the key of an event with another type or payload, which is not stored.',
    }),
    eventLag: metrics.histogram({
      name: 'dispatcher_event_lag_seconds',
      help: 'From the answer to the sender until the event is stored and its runs are started.',
      buckets: SECONDS,
    }),
    deadLetters: metrics.counter({
      name: 'dispatcher_dead_letters_total',
      help: 'Accepted events that could not be processed, by the code of the reason.',
      labels: ['reason'],
    }),
    runs: metrics.counter({
      name: 'dispatcher_runs_total',
      help: 'Runs let go of by a worker, by status; queued: to be tried again.',
      labels: ['outcome'],
    }),
    runDuration: metrics.histogram({
      name: 'dispatcher_run_duration_seconds',
      help: 'From the claim of a run until it was let go of.',
      buckets: SECONDS,
    }),
    step({ kind, status, startedAt, finishedAt }) {
      if (finishedAt) steps.observe({ kind, outcome: status }, (finishedAt.getTime() - startedAt.getTime()) / 1_000);
    },
    circuit(state) {
      if (state === 'opened') opened.inc();
      openCircuits.inc(state === 'opened' ? 1 : -1);
    },
    deleted({ runs = 0, steps = 0, events = 0, duplicates = 0, plans = 0, replays = 0, deadLetters = 0 }) {
      const tables = { runs, steps, events, event_duplicates: duplicates, plans, replays, dead_letters: deadLetters };
      for (const [table, rows] of Object.entries(tables)) deleted.inc({ table }, rows);
    },
    queue(runs, oldestSeconds) {
      depth.set(runs);
      oldest.set(oldestSeconds);
    },
  };
}
