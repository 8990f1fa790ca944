import type { Sealer } from './credentials/sealing.ts';
import type { Database } from './database.ts';
import type { VersionedKeys } from './versioned-keys.ts';

/** What the RPCs work with. */
export interface Context {
  readonly database: Database;
  readonly peppers: VersionedKeys;
  readonly sealer: Sealer;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}
