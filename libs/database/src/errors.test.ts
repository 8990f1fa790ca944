import { AppError } from '@agent-platform/errors';
import { describe, expect, it } from 'vitest';
import { databaseErrorToAppError, isDatabaseUnavailable, isUniqueViolation } from './errors.ts';

const withCode = (code: string, options?: ErrorOptions) => Object.assign(new Error('x', options), { code });

describe('database errors', () => {
  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    '57P01',
    '57P03',
    '57P05',
    '53100',
    '53300',
    '58030',
    '08006',
    '25006',
    'P1001',
    'P2024',
    'P2028',
  ])('%s is unavailable, so callers try again', (code) => {
    expect(databaseErrorToAppError(withCode(code))).toMatchObject({ kind: 'unavailable', retryAfterSeconds: 2 });
  });

  it('recognizes what node-postgres gives no code', () => {
    expect(isDatabaseUnavailable(new Error('Connection terminated unexpectedly'))).toBe(true);
    expect(isDatabaseUnavailable(new Error('timeout exceeded when trying to connect'))).toBe(true);
  });

  it('looks below the wrapping of Prisma and of Node', () => {
    expect(isDatabaseUnavailable(new Error('query failed', { cause: withCode('57P01') }))).toBe(true);
    expect(isDatabaseUnavailable(new AggregateError([withCode('ECONNREFUSED')]))).toBe(true);
    expect(isUniqueViolation(withCode('P2010', { cause: withCode('23505') }))).toBe(true);
  });

  it('tells a conflict, which may pass, from a mistake, which does not', () => {
    expect(databaseErrorToAppError(withCode('40P01'))).toMatchObject({
      code: 'database_conflict',
      kind: 'unavailable',
    });
    expect(databaseErrorToAppError(withCode('42601'))).toMatchObject({ code: 'database_error', kind: 'internal' });
    expect(isDatabaseUnavailable(withCode('23505'))).toBe(false);
  });

  it('never shows the text of the database to the caller', () => {
    const error = databaseErrorToAppError(new Error('duplicate key (token)=(secret)'));
    expect(error.message).not.toContain('secret');
  });

  it('passes an AppError on', () => {
    const error = new AppError('not_found', 'run_not_found', 'There is no such run.');
    expect(databaseErrorToAppError(error)).toBe(error);
  });
});
