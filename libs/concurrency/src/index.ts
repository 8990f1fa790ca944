export * from './micro-batcher.ts';
export * from './single-flight.ts';
