import type { Counter, Histogram, Metrics } from '@agent-platform/service';
import type { Step } from './runs/run.ts';

export interface DispatcherMetrics {
  readonly events: Counter<'outcome'>;
  readonly eventLag: Histogram;
  readonly runs: Counter<'outcome'>;
  readonly runDuration: Histogram;
  readonly step: (step: Step) => void;
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
  const depth = metrics.gauge({ name: 'dispatcher_queue_runs', help: 'Runs that are due and not taken up.' });
  const oldest = metrics.gauge({
    name: 'dispatcher_queue_lag_seconds',
    help: 'How long the run that is due longest has been waiting.',
  });
  return {
    events: metrics.counter({
      name: 'dispatcher_events_total',
      help: 'Accepted events: stored, or recorded as a duplicate of a stored one.',
      labels: ['outcome'],
    }),
    eventLag: metrics.histogram({
      name: 'dispatcher_event_lag_seconds',
      help: 'From the answer to the sender until the event is stored and its runs are started.',
      buckets: SECONDS,
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
    queue(runs, oldestSeconds) {
      depth.set(runs);
      oldest.set(oldestSeconds);
    },
  };
}
