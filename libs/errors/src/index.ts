export * from './errors.ts';
export * from './map-errors.ts';
export * from './tls-failure.ts';
