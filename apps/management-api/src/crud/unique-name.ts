import { isUniqueViolation } from '@agent-platform/database';
import { AppError } from '@agent-platform/service';
import type { AnyNoun } from './noun.ts';

/** Writes a row whose only unique field is its name. */
export async function withUniqueName<T>(noun: AnyNoun, name: string, write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const message = `Another ${noun.label} is named "${name}"; choose another name.`;
    const fields = [{ field: `${noun.field}.name`, description: `"${name}" is taken` }];
    throw new AppError('already_exists', `${noun.field}_exists`, message, { fields });
  }
}
