import type { Metrics } from '@agent-platform/telemetry';

const DURATION_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export interface IngestMetrics {
  /** @param code - `accepted`, or the code of the problem that was answered. */
  count(code: string, durationSeconds: number): void;
}

export function createIngestMetrics(metrics: Metrics): IngestMetrics {
  const requests = metrics.counter({
    name: 'ingest_requests_total',
    help: 'Webhook requests by outcome: accepted, or the code of the problem that was answered.',
    labels: ['code'],
  });
  const duration = metrics.histogram({
    name: 'ingest_request_duration_seconds',
    help: 'Time from the headers of a webhook request to its answer.',
    buckets: DURATION_BUCKETS_SECONDS,
  });
  return {
    count(code, durationSeconds) {
      requests.inc({ code });
      duration.observe(durationSeconds);
    },
  };
}
