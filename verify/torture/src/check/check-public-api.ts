import type { Api } from '@agent-platform/client';
import type { Sending } from '@agent-platform/harness';
import { expected } from '../world/sources.ts';
import type { Violation } from './evidence.ts';

const SAMPLE = 40;

/** What tenants see of a few of the events, spread over the whole time: the rest was read from the database. */
export async function checkPublicApi(api: Api, sendings: readonly Sending[]): Promise<Violation[]> {
  const violations: Violation[] = [];
  const acknowledged = sendings.filter(({ eventId }) => eventId !== undefined);
  const step = Math.max(1, Math.floor(acknowledged.length / SAMPLE));
  for (const sending of acknowledged.filter((_, n) => n % step === 0)) {
    const report = (detail: string) => void violations.push({ rule: 'API disagrees', subject: sending.id, detail });
    const event = await api.call<{ payload: { id: string }; duplicate_of: string }>(
      'GET',
      `/events/${sending.eventId}`,
    );
    if (event?.payload.id !== sending.id) report(`GET /events/${sending.eventId} does not show it`);
    const original = event?.duplicate_of || sending.eventId;
    const { runs } = (await api.call<{ runs: { trigger: string }[] }>('GET', `/runs?event_id=${original}`))!;
    const triggers = runs.map(({ trigger }) => trigger).sort();
    if (triggers.join() !== expected(sending).toSorted().join()) report(`its runs are of ${triggers.join() || 'none'}`);
  }
  return violations;
}
