// https://www.rfc-editor.org/rfc/rfc3339#section-5.6
const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** What a protobuf timestamp can hold: years 1 to 9999. */
const MIN_SECONDS = -62_135_596_800;
const MAX_SECONDS = 253_402_300_799;
const DAY_SECONDS = 86_400;

export interface Instant {
  readonly seconds: bigint;
  readonly nanos: number;
}

/**
 * Reads an RFC 3339 date-time, and nothing that merely looks like one: no missing offset, no space for the `T`, no
 * 30 February. A leap second, which may only end a day in UTC, is the first second of the next one. Digits beyond
 * nanoseconds are cut.
 */
export function parseRfc3339(text: string): Instant | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match;
  const date = new Date(0);
  date.setUTCFullYear(+year!, +month! - 1, +day!);
  // A day the month does not have rolls over into the next one.
  if (date.getUTCMonth() !== +month! - 1 || date.getUTCDate() !== +day!) return undefined;
  const offsetSeconds = (+offsetHour * 60 + +offsetMinute) * (sign === '-' ? -60 : 60);
  const seconds = date.getTime() / 1000 + +hour! * 3600 + +minute! * 60 + +second! - offsetSeconds;
  if (second === '60' && seconds % DAY_SECONDS !== 0) return undefined;
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) return undefined;
  return { seconds: BigInt(seconds), nanos: +fraction.slice(0, 9).padEnd(9, '0') };
}
