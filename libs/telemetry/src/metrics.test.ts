import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

describe('metrics', () => {
  it('are exposed in the Prometheus text format, with those of the process once', async () => {
    const metrics = createMetrics();
    metrics.counter({ name: 'events_total', help: 'Events', labels: ['result'] }).inc({ result: 'accepted' }, 2);
    metrics.gauge({ name: 'queue_length', help: 'Queue' }).set(3);
    metrics.histogram({ name: 'request_duration_seconds', help: 'Time', buckets: [0.1, 1] }).observe(0.5);
    const { contentType, body } = await metrics.expose();
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(body).toContain('events_total{result="accepted"} 2\n');
    expect(body).toContain('queue_length 3\n');
    expect(body).toContain('request_duration_seconds_bucket{le="0.1"} 0\nrequest_duration_seconds_bucket{le="1"} 1\n');
    expect(body.match(/^process_resident_memory_bytes /gm)).toHaveLength(1);
    expect(body.match(/^# TYPE nodejs_eventloop_lag_seconds /gm)).toHaveLength(1);
  });

  it('are shared by whoever asks for the same name, and by nobody else', async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    const o = { name: 'calls_total', help: 'Calls' };
    one.counter(o).inc();
    one.counter(o).inc();
    other.counter(o).inc();
    expect((await one.expose()).body).toContain('calls_total 2\n');
    expect((await other.expose()).body).toContain('calls_total 1\n');
  });
});
