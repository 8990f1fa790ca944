export { readIngestConfig } from './config.ts';
export { createIngest, type IngestConfig, type IngestDependencies } from './ingest.ts';
