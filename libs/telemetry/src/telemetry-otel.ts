import { context, propagation, ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type { Context, Span, SpanContext } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { AppError } from '@agent-platform/errors';
import type { SpanRunner } from './span.ts';

/** Starts the OpenTelemetry SDK: traces only, in batches, over OTLP and HTTP. */
export function startTracing(o: { serviceName: string; endpoint: string }): { run: SpanRunner } & AsyncDisposable {
  const sdk = new NodeSDK({
    serviceName: o.serviceName,
    traceExporter: new OTLPTraceExporter({ url: `${o.endpoint.replace(/\/+$/, '')}/v1/traces` }),
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const tracer = trace.getTracer('agent-platform');

  const run: SpanRunner = (name, options, work) => {
    const parent = options.traceparent ? remoteParent(options.traceparent) : context.active();
    return tracer.startActiveSpan(name, { attributes: { ...options.attributes } }, parent, async (span) => {
      try {
        return await work(traceparentOf(span.spanContext()));
      } catch (error) {
        markFailed(span, error);
        throw error;
      } finally {
        span.end();
      }
    });
  };

  return {
    run,
    async [Symbol.asyncDispose]() {
      await sdk.shutdown();
      for (const api of [trace, context, propagation]) api.disable();
    },
  };
}

function remoteParent(traceparent: string): Context {
  const [, traceId, spanId, flags] = traceparent.split('-') as [string, string, string, string];
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true });
}

function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`;
}

/** Names the failure by its code only: messages and stacks may quote what must not leave the process. */
function markFailed(span: Span, error: unknown): void {
  const type = error instanceof AppError ? error.code : error instanceof Error ? error.name : typeof error;
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
