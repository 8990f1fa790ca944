import { AppError, type FieldViolation } from '@agent-platform/errors';

export const INVALID_REQUEST = 'invalid_request';

/** How many violations the message repeats for people who read only that. */
const SHOWN = 3;

/** The one error for requests that are not what they should be: every violation, and the first few as text. */
export function invalidRequest(fields: readonly FieldViolation[], cause?: unknown): AppError {
  const shown = fields
    .slice(0, SHOWN)
    .map(({ field, description }) => (field ? `${field}: ${description}` : description));
  const more = fields.length > SHOWN ? [`and ${fields.length - SHOWN} more`] : [];
  return new AppError('invalid_argument', INVALID_REQUEST, [...shown, ...more].join('; '), { fields, cause });
}
