export * from './load/ledger.ts';
export * from './load/load.ts';
export * from './load/mix.ts';
export * from './load/post.ts';
export * from './random.ts';
export * from './say.ts';
export * from './statistics.ts';
export * from './tortured-kafka.ts';
