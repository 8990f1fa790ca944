export * from './passed-once.ts';
export * from './repeat.ts';
export * from './run.ts';
export * from './service.ts';
export * from './until-available.ts';
