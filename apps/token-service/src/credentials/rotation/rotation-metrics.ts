import type { Pool } from '@agent-platform/database';
import type { Metrics } from '@agent-platform/telemetry';
import type { VersionedKeys } from '../../versioned-keys.ts';
import { findOutdated } from './find-outdated.ts';

const COUNT_USES = `
  select key_version as version, count(*)::int as uses
  from (
    select key_version from data_keys
    union all
    select key_version from sealed_secrets where data_key_version is null
  ) as used
  group by key_version`;

/** How many rows need each key-encryption key: those of which none needs one may be taken out of the configuration. */
export function createRotationMetrics(metrics: Metrics, pool: Pool, ring: VersionedKeys): () => Promise<void> {
  const uses = metrics.gauge({
    name: 'token_service_credential_key_uses',
    help: 'Rows that need this version of CREDENTIAL_KEYS; one that none needs may be taken away.',
    labels: ['version'],
  });
  const outdated = metrics.gauge({
    name: 'token_service_outdated_secrets',
    help: "Secrets that are not sealed with their tenant's newest data key yet.",
  });
  return async () => {
    const { rows } = await pool.query<{ version: number; uses: number }>(COUNT_USES);
    const found = await findOutdated(pool);
    uses.reset();
    for (const version of ring.keys.keys()) uses.set({ version }, 0);
    for (const row of rows) uses.set({ version: row.version }, row.uses);
    outdated.set(found.reduce((sum, { secrets }) => sum + secrets, 0));
  };
}
