import { parseRfc3339 } from '../body/rfc3339.ts';
import type { OccurredAt } from './scheme.ts';

/** How far the clocks of sender and platform may be apart, and how late a signed request may be sent again. */
const TOLERANCE_MS = 5 * 60_000;
const SECONDS = /^\d{1,12}$/;
/** The end of the year 9999. */
const MAX_SECONDS = 253_402_300_799;

/** Whether a header says, in seconds since the epoch, that the request was signed just now. */
export function isCurrent(seconds: string, nowMs: number): boolean {
  return SECONDS.test(seconds) && Math.abs(nowMs - Number(seconds) * 1_000) <= TOLERANCE_MS;
}

/** Seconds since the epoch as the time of an event; undefined for anything else. */
export function occurredAtSeconds(value: unknown): OccurredAt | undefined {
  if (!Number.isInteger(value)) return undefined;
  const seconds = value as number;
  if (seconds < 0 || seconds > MAX_SECONDS) return undefined;
  return { text: new Date(seconds * 1_000).toISOString(), instant: { seconds: BigInt(seconds), nanos: 0 } };
}

/** An RFC 3339 date and time as the time of an event; undefined for anything else. */
export function occurredAtText(value: unknown): OccurredAt | undefined {
  if (typeof value !== 'string') return undefined;
  const instant = parseRfc3339(value);
  return instant && { text: value, instant };
}
