import type { Evidence, EventRow, Violation } from './evidence.ts';

/** Everything acknowledged is stored, once, and in the order in which its sender sent it. */
export function checkEvents({ sendings, events }: Evidence): Violation[] {
  const violations: Violation[] = [];
  const report = (rule: string, subject: string, detail: string) => void violations.push({ rule, subject, detail });
  const sent = new Set(sendings.map(({ id }) => id));
  const byId = new Map(events.map((event) => [event.id, event]));
  const originals = Map.groupBy(
    events.filter(({ duplicateOf }) => duplicateOf === null),
    ({ payloadId }) => payloadId,
  );

  for (const { id, eventId } of sendings) {
    if (eventId === undefined) continue;
    const event = byId.get(eventId);
    if (!event) report('acknowledged and lost', id, `${eventId} was acknowledged and is not stored`);
    else if (event.payloadId !== id) report('answered with another event', id, `${eventId} is ${event.payloadId}`);
    else if (!originals.has(id)) report('acknowledged and lost', id, `${eventId} repeats an event that is not stored`);
  }
  for (const [payloadId, stored] of originals) {
    if (!sent.has(payloadId)) report('never sent', payloadId, `stored as ${stored[0]!.id}`);
    if (stored.length > 1) report('one event stored twice', payloadId, stored.map(({ id }) => id).join(', '));
  }
  const lanes = Map.groupBy(sendings, ({ source, lane }) => `${source}/${lane}`);
  for (const lane of lanes.values()) {
    let before: EventRow | undefined;
    for (const { id, eventId } of lane.toSorted((a, b) => a.n - b.n)) {
      const event = eventId === undefined ? undefined : originals.get(id)?.[0];
      if (!event) continue;
      if (before && event.xid < before.xid) report('stored out of order', id, `before ${before.payloadId}`);
      before = event;
    }
  }
  return violations;
}
