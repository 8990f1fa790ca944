export * from './config.ts';
export * from './default-rate-limit.ts';
export * from './process-variables.ts';
export * from './retention.ts';
export * from './variables.ts';
