export * from './json.ts';
export * from './without-secrets.ts';
