export * from './fault-log.ts';
export * from './logger.ts';
export * from './metrics.ts';
export * from './span.ts';
export * from './telemetry.ts';
export * from './traceparent.ts';
