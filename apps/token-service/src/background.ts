import { createFaultLog, type Logger, type Metrics } from '@agent-platform/telemetry';

/** What is done without anybody waiting for it, and what it means when that fails. */
const WORK = {
  source_change: 'ingests were not told of a change to a webhook source; they find out within seconds',
  security_alert: 'a security alert was not published; it is in this log',
  refused_use: 'it was not written down that an ended webhook token was used',
} as const;

export interface Background extends AsyncDisposable {
  /** Disposing waits for it. When it fails, that is logged and counted. */
  run(work: keyof typeof WORK, begin: () => Promise<void>): void;
}

export function createBackground(o: { logger: Logger; metrics: Metrics; clock: () => number }): Background {
  const underWay = new Set<Promise<void>>();
  const failures = o.metrics.counter({
    name: 'token_service_background_failures_total',
    help: 'What should have been done after a request was answered and was not: telling ingests, raising alerts.',
    labels: ['work'],
  });
  const logs = Object.fromEntries(
    Object.entries(WORK).map(([work, message]) => [work, createFaultLog(o.logger, o.clock, message)]),
  );
  return {
    run(work, begin) {
      const done = begin()
        .catch((error: unknown) => {
          failures.inc({ work });
          logs[work]!(error);
        })
        .finally(() => underWay.delete(done));
      underWay.add(done);
    },
    async [Symbol.asyncDispose]() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
