import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { AppError } from '@agent-platform/errors';

export interface TimeRange {
  readonly gte?: Date;
  readonly lt?: Date;
}

/** @param what - as in `received_from` and `received_before`. @throws AppError `range_invalid` */
export function timeRange(what: string, from: Timestamp | undefined, before: Timestamp | undefined): TimeRange {
  if (from && before && !isBefore(from, before)) {
    const description = `must be before ${what}_before`;
    const fields = [{ field: `${what}_from`, description }];
    throw new AppError('invalid_argument', 'range_invalid', `${what}_from ${description}.`, { fields });
  }
  return { ...(from && { gte: firstTimeIn(from) }), ...(before && { lt: firstTimeIn(before) }) };
}

function isBefore(a: Timestamp, b: Timestamp): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
}

/** What is stored has milliseconds: the first that is not before. */
function firstTimeIn({ seconds, nanos }: Timestamp): Date {
  return new Date(Number(seconds) * 1_000 + Math.ceil(nanos / 1e6));
}

/** A filter under its name and its former one. @throws AppError `invalid_request` when they differ. */
export function renamed(field: string, value: string, former: string): string {
  if (value === '' || former === '' || value === former) return value || former;
  const fields = [{ field, description: `is the new name of ${field}_id: give one of them` }];
  throw new AppError('invalid_argument', 'invalid_request', `${field}: ${fields[0]!.description}`, { fields });
}
