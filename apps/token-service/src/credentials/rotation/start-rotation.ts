import { startPeriodic } from '@agent-platform/database';
import type { RotationContext } from './context.ts';
import { rotateKeys } from './rotate-keys.ts';

/** Rotates keys in the background. Keys change with the configuration, at a start; after that only their age matters. */
export function startRotation(context: RotationContext, measure: () => Promise<void>): AsyncDisposable {
  const { logger } = context;
  async function pass(signal: AbortSignal): Promise<boolean> {
    const counts = await rotateKeys(context, signal);
    await measure();
    const { unreadable, ...changed } = counts;
    const hasChanged = Object.values(changed).some((count) => count > 0);
    if (unreadable > 0) logger.warn(counts, 'keys rotated, but not everything could be read');
    else if (hasChanged) logger.info(counts, 'keys rotated');
    return hasChanged;
  }
  return startPeriodic({ name: 'the rotation of keys', pass, logger });
}
