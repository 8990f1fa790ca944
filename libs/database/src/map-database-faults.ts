import { mapErrors } from '@agent-platform/errors';
import { databaseErrorToAppError } from './errors.ts';

/**
 * The same methods over a database, where what can pass (a database that is away, stopping, full, or a conflict) is
 * an AppError of kind `unavailable` with a time to try again. Anything else is a bug and stays what it is.
 */
export function mapDatabaseFaults<T extends object>(methods: T): T {
  return mapErrors(methods, (error) => {
    const fault = databaseErrorToAppError(error);
    return fault.kind === 'unavailable' ? fault : error;
  });
}
