export * from './token-service.ts';
export * from './versioned-keys.ts';
