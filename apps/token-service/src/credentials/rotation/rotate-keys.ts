import { isUnreadable } from '../unreadable.ts';
import type { RotationContext, RotationCounts } from './context.ts';
import { findOutdated } from './find-outdated.ts';
import { removeDataKey } from './remove-data-key.ts';
import { renewDataKeys } from './renew-data-keys.ts';
import { resealSecrets } from './reseal-secrets.ts';
import { rewrapDataKeys } from './rewrap-data-keys.ts';

export function newCounts(): RotationCounts {
  return { rewrapped: 0, renewed: 0, resealed: 0, removed: 0, unreadable: 0 };
}

/**
 * Brings everything to the current keys: data keys to the current key-encryption key, tenants with an old data key to a
 * new one, secrets to their tenant's newest. Can be stopped between any two statements and run by several processes
 * at once. With nothing to do it is three queries that change nothing.
 *
 * @throws the reason of `signal` once it is aborted.
 */
export async function rotateKeys(context: RotationContext, signal: AbortSignal): Promise<RotationCounts> {
  const counts = newCounts();
  await rewrapDataKeys(context, counts, signal);
  await renewDataKeys(context, counts, signal);
  for (const outdated of await findOutdated(context.pool)) {
    const { orgId, dataKeyVersion, secrets } = outdated;
    try {
      if (secrets > 0) await resealSecrets(context, outdated, counts, signal);
    } catch (err) {
      if (!isUnreadable(err)) throw err;
      counts.unreadable += secrets;
      context.logger.warn({ err, orgId, dataKeyVersion, secrets }, 'secrets cannot be re-sealed');
    }
    if (dataKeyVersion !== null && (await removeDataKey(context.pool, orgId, dataKeyVersion))) counts.removed += 1;
  }
  return counts;
}
