export * from './management-api.ts';
