import type { Env } from '@agent-platform/config';
import type { SpanRunner } from './span.ts';

/** Per process, as tracing is: whoever composes the services starts it, and whatever they share uses it. */
let runner: SpanRunner | undefined;

/**
 * Sends traces to the collector named by `OTEL_EXPORTER_OTLP_ENDPOINT`. Without it nothing is even loaded. Every other
 * `OTEL_*` variable (headers, sampler, resource attributes) is read by OpenTelemetry from the process's environment
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
 *
 * @returns what sends the remaining spans and stops. Start it before the services, dispose of it after them.
 */
export async function startTelemetry(o: { serviceName: string; env: Env }): Promise<AsyncDisposable> {
  const endpoint = o.env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim();
  if (!endpoint) return { [Symbol.asyncDispose]: async () => {} };
  const { startTracing } = await import('./telemetry-otel.ts');
  const tracing = startTracing({ serviceName: o.env.OTEL_SERVICE_NAME ?? o.serviceName, endpoint });
  runner = tracing.run;
  return {
    async [Symbol.asyncDispose]() {
      if (runner === tracing.run) runner = undefined;
      await tracing[Symbol.asyncDispose]();
    },
  };
}

/**
 * Does the work in a span of its own, which fails when the work does. With telemetry off it is just the work, and the
 * caller's `traceparent` is passed on unchanged.
 *
 * @example
 * await withSpan('ingest', { traceparent: parseTraceparent(header) }, async (traceparent = newTraceparent()) => …)
 */
export const withSpan: SpanRunner = (name, options, work) =>
  runner ? runner(name, options, work) : work(options.traceparent);
