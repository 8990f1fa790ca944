import type { Pool } from '@agent-platform/database';
import type { Logger } from '@agent-platform/telemetry';
import type { VersionedKeys } from '../../versioned-keys.ts';
import type { DataKeys } from '../data-keys.ts';
import type { KeyEncryption } from '../key-encryption.ts';

/** 90 days: when a tenant gets a new data key unless configured otherwise. */
export const DATA_KEY_MAX_AGE_MS = 90 * 86_400_000;

/** What the rotation works with. It sees every tenant. */
export interface RotationContext {
  readonly pool: Pool;
  /** For what is still sealed by a key-encryption key itself. */
  readonly keyRing: VersionedKeys;
  readonly keyEncryption: KeyEncryption;
  readonly dataKeys: DataKeys;
  readonly dataKeyMaxAgeMs: number;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** What one pass did. */
export interface RotationCounts {
  /** Data keys wrapped by the current key-encryption key. */
  rewrapped: number;
  /** Tenants that got a new data key because of its age. */
  renewed: number;
  /** Secrets sealed with their tenant's current data key. */
  resealed: number;
  /** Data keys that nothing was sealed with any more. */
  removed: number;
  /** Data keys and secrets that could not be read, and are as they were. */
  unreadable: number;
}
