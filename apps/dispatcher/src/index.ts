export { readDispatcherConfig, type DispatcherConfig } from './config.ts';
export { createDispatcher, migrationsDir, type DispatcherDeps } from './dispatcher.ts';
