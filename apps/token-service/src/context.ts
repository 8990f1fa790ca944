import type { Pool } from '@agent-platform/database';
import type { EventBus } from '@agent-platform/event-bus';
import type { Counter, Logger } from '@agent-platform/telemetry';
import type { Background } from './background.ts';
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
  /** May be away at any time. */
  readonly bus: Pick<EventBus, 'publish'>;
  readonly background: Background;
  readonly logger: Logger;
  /** Security alerts, by kind. */
  readonly alerts: Counter<'kind'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}
