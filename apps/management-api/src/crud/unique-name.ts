import { isUniqueViolation } from '@agent-platform/database';
import { AppError } from '@agent-platform/errors';
import type { AnyResource } from './resource.ts';

/** Writes a row whose only unique field is its name. */
export async function withUniqueName<T>(resource: AnyResource, name: string, write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const message = `Another ${resource.label} is named "${name}"; choose another name.`;
    const fields = [{ field: `${resource.field}.name`, description: `"${name}" is taken` }];
    throw new AppError('already_exists', `${resource.field}_exists`, message, { fields });
  }
}
