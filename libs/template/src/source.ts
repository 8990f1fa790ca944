import { AppError } from '@agent-platform/errors';

/** UTF-16 code units. */
export const MAX_TEXT_LENGTH = 100_000;

/** How deep blocks and parentheses (or the objects and lists of arguments) may be nested. */
export const MAX_NESTING = 32;

export function templateError(message: string): AppError {
  return new AppError('invalid_argument', 'template_invalid', message);
}

/** A refusal that says where: line and column count from 1. */
export function errorAt(text: string, offset: number, problem: string): AppError {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  return templateError(`Template line ${line}, column ${column}: ${problem}.`);
}
