import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export type { Counter, Gauge, Histogram };

export interface MetricOptions<L extends string> {
  /** With its unit last, as Prometheus names them: `ingest_request_duration_seconds`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

/** What services count and measure. Asking for a name again answers the same metric: services share one of these. */
export interface Metrics {
  counter<L extends string = never>(o: MetricOptions<L>): Counter<L>;
  gauge<L extends string = never>(o: MetricOptions<L>): Gauge<L>;
  histogram<L extends string = never>(o: MetricOptions<L> & { readonly buckets: readonly number[] }): Histogram<L>;
  /** Everything, in the Prometheus text format, with the metrics of the process. */
  expose(): Promise<{ contentType: string; body: string }>;
}

/** Memory, processor, event loop, garbage collection: observed once per process, however many registries there are. */
let processRegistry: Registry | undefined;

export function createMetrics(): Metrics {
  if (!processRegistry) collectDefaultMetrics({ register: (processRegistry = new Registry()) });
  const ofProcess = processRegistry;
  const registry = new Registry();

  function once<M, O extends MetricOptions<string>>(
    Metric: new (o: O & { labelNames: readonly string[]; registers: Registry[] }) => M,
    o: O,
  ): M {
    const known = registry.getSingleMetric(o.name) as M | undefined;
    return known ?? new Metric({ ...o, labelNames: o.labels ?? [], registers: [registry] });
  }

  return {
    counter: (o) => once(Counter, o),
    gauge: (o) => once(Gauge, o),
    histogram: (o) => once(Histogram, { ...o, buckets: [...o.buckets] }),
    async expose() {
      const parts = await Promise.all([registry.metrics(), ofProcess.metrics()]);
      return { contentType: registry.contentType, body: parts.join('') };
    },
  };
}
