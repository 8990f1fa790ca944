import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '@agent-platform/errors';
import { startTelemetry, withSpan } from '@agent-platform/telemetry';

interface ReceivedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  status: { code?: number };
  attributes: { key: string; value: { stringValue?: string } }[];
}
interface ExportRequest {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: ReceivedSpan[] }[];
  }[];
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${PARENT}-01`;

let collector: Server;
let requests: { url: string; body: ExportRequest }[];
let env: { OTEL_EXPORTER_OTLP_ENDPOINT: string };

beforeEach(async () => {
  requests = [];
  collector = createServer((request, response) => {
    void text(request).then((body) => {
      requests.push({ url: request.url!, body: JSON.parse(body) as ExportRequest });
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}/` };
});

afterEach(async () => {
  collector.closeAllConnections();
  await new Promise((resolve) => collector.close(resolve));
});

/** What the collector got while the work was done with telemetry on. */
async function spansOf(work: () => Promise<unknown>): Promise<Record<string, ReceivedSpan>> {
  const telemetry = await startTelemetry({ serviceName: 'platform', env });
  await work().finally(() => telemetry[Symbol.asyncDispose]());
  const resources = requests.flatMap(({ body }) => body.resourceSpans);
  const spans = resources.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  return Object.fromEntries(spans.map((span) => [span.name, span]));
}

describe('with telemetry off', () => {
  it('the work is just done, and the caller’s traceparent passed on unchanged', async () => {
    const telemetry = await startTelemetry({ serviceName: 'platform', env: {} });
    await expect(withSpan('a', { traceparent: SAMPLED }, async (traceparent) => traceparent)).resolves.toBe(SAMPLED);
    await expect(withSpan('a', {}, async (traceparent) => traceparent)).resolves.toBeUndefined();
    expect(trace.getTracer('x').startSpan('x').isRecording()).toBe(false);
    await telemetry[Symbol.asyncDispose]();
  });
});

describe('with telemetry on', () => {
  it('a span is a child of the incoming traceparent and hands on its own', async () => {
    let handedOn: string | undefined;
    const { ingest } = await spansOf(() =>
      withSpan('ingest', { traceparent: SAMPLED, attributes: { event_id: 'evt_1' } }, async (traceparent) => {
        handedOn = traceparent;
      }),
    );
    expect(ingest).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
    expect(handedOn).toBe(`00-${TRACE}-${ingest!.spanId}-01`);
    expect(ingest!.attributes).toContainEqual({ key: 'event_id', value: { stringValue: 'evt_1' } });
    expect(requests[0]!.url).toBe('/v1/traces');
    const resource = requests[0]!.body.resourceSpans[0]!.resource.attributes;
    expect(resource).toContainEqual({ key: 'service.name', value: { stringValue: 'platform' } });
  });

  it('one trace runs through all four services of one process, by traceparent and by nesting', async () => {
    const spans = await spansOf(async () => {
      let carried: string | undefined;
      await withSpan('ingest', { traceparent: SAMPLED }, async (traceparent) => {
        carried = traceparent;
        await withSpan('token-service', {}, async () => {});
      });
      await withSpan('dispatcher', { traceparent: carried }, async () => {
        await withSpan('management-api', {}, async () => {});
      });
    });
    const parentOf = (name: string) => spans[name]!.parentSpanId;
    expect(new Set(Object.values(spans).map((span) => span.traceId))).toEqual(new Set([TRACE]));
    expect(parentOf('token-service')).toBe(spans.ingest!.spanId);
    expect(parentOf('dispatcher')).toBe(spans.ingest!.spanId);
    expect(parentOf('management-api')).toBe(spans.dispatcher!.spanId);
  });

  it('a trace the caller does not sample is not sent, and stays unsampled', async () => {
    let handedOn: string | undefined;
    const spans = await spansOf(() =>
      withSpan('a', { traceparent: `00-${TRACE}-${PARENT}-00` }, async (traceparent) => {
        handedOn = traceparent;
      }),
    );
    expect(spans).toEqual({});
    expect(handedOn).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
  });

  it('a failure is named by its code, without its text, and reaches the caller', async () => {
    const failure = new AppError('internal', 'tool_failed', 'c4n4ry');
    const spans = await spansOf(() => expect(withSpan('a', {}, () => Promise.reject(failure))).rejects.toBe(failure));
    expect(spans.a!.status).toEqual({ code: 2 });
    expect(spans.a!.attributes).toContainEqual({ key: 'error.type', value: { stringValue: 'tool_failed' } });
    expect(JSON.stringify(requests)).not.toContain('c4n4ry');
  });

  it('it can be stopped and started again, and off means off', async () => {
    await spansOf(() => withSpan('first', {}, async () => {}));
    const between = await withSpan('between', { traceparent: SAMPLED }, async (traceparent) => traceparent);
    expect(between).toBe(SAMPLED);
    const spans = await spansOf(() => withSpan('second', {}, async () => {}));
    expect(Object.keys(spans)).toEqual(['first', 'second']);
  });
});
