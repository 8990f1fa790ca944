import { CONTENT_WINDOW_MS } from '../store/events/find-originals.ts';
import type { IncomingEvent } from '../store/rows/event.ts';

/** Adds the events that repeat an earlier one of the same batch, which the database cannot know yet. */
export function findOriginalsInBatch(
  events: readonly IncomingEvent[],
  stored: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const originals = new Map(stored);
  const first = new Map<string, IncomingEvent>();
  for (const event of events) {
    if (!event.contentHash || originals.has(event.id)) continue;
    const content = `${event.sourceId} ${event.contentHash.toString('base64')}`;
    const earlier = first.get(content);
    if (earlier && Math.abs(event.receivedAt.getTime() - earlier.receivedAt.getTime()) <= CONTENT_WINDOW_MS) {
      originals.set(event.id, earlier.id);
    } else {
      first.set(content, event);
    }
  }
  return originals;
}
