import type { Pool } from '@agent-platform/database';
import type { DataKeys } from './credentials/data-keys.ts';
import type { Database } from './database.ts';
import type { VersionedKeys } from './versioned-keys.ts';

/** What the RPCs work with. */
export interface Context {
  readonly database: Database;
  /** For hand-written statements: each is scoped by `org_id` itself. */
  readonly pool: Pick<Pool, 'query'>;
  readonly peppers: VersionedKeys;
  /** For what is still sealed by a key-encryption key itself. */
  readonly keyRing: VersionedKeys;
  readonly dataKeys: DataKeys;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}
