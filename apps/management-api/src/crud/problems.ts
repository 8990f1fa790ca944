import { AppError, type FieldViolation } from '@agent-platform/errors';

/** What is wrong with a request, gathered so that one answer names all of it. */
export type Problems = FieldViolation[];

export function throwIfInvalid(problems: Problems): void {
  if (problems.length === 0) return;
  const sentences = problems.map(({ field, description }) => `${field}: ${description}`);
  throw new AppError('invalid_argument', 'invalid_request', sentences.join('; '), { fields: problems });
}
