import { variable } from './variables.ts';

/**
 * Events per second of a webhook source that sets no limit of its own, for each ingest. Ingest applies it and
 * management-api shows it: a cluster gives the variable to both.
 */
export const defaultRateLimit = variable.integer('INGEST_RATE_LIMIT_PER_SECOND', {
  default: 1_000,
  min: 1,
  max: 1_000_000,
});
