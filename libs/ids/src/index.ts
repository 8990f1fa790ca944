export * from './ids.ts';
export * from './random-bytes.ts';
