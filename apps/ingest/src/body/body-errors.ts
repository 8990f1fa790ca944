import { AppError, type FieldViolation } from '@agent-platform/errors';
import type { JsonScan, ScanLimits } from './scan-json.ts';

export function notAnObject(): AppError {
  return new AppError('invalid_argument', 'not_an_object', 'The body must be a JSON object.');
}

export function violation(field: string, isMissing: boolean, rule: string): FieldViolation {
  return { field, description: `${field} ${isMissing ? 'is required:' : 'must be'} ${rule}` };
}

export function fieldError(fields: readonly FieldViolation[], isMissing: boolean): AppError {
  const message = `${fields.map(({ description }) => description).join('. ')}.`;
  return new AppError('invalid_argument', isMissing ? 'field_missing' : 'field_invalid', message, { fields });
}

export function scanError(body: Buffer, { problem, position }: JsonScan, limits: ScanLimits): AppError {
  switch (problem) {
    case 'too_deep':
      return new AppError(
        'invalid_argument',
        'too_deep',
        `The body is nested deeper than ${limits.maxDepth} levels (at byte ${position}).`,
      );
    case 'too_many_keys':
      return new AppError(
        'invalid_argument',
        'too_many_keys',
        `The objects of the body have more than ${limits.maxKeys} keys together.`,
      );
    default:
      if (body[0] === 0xef && body[1] === 0xbb) {
        return invalidJson('The body starts with a byte order mark, which JSON does not allow. Send it without.');
      }
      return invalidJson(
        position < body.length
          ? `The body is not valid JSON: unexpected character at byte ${position}.`
          : 'The body is not valid JSON: it ends too early.',
      );
  }
}

export function invalidJson(message: string): AppError {
  return new AppError('invalid_argument', 'invalid_json', message);
}
