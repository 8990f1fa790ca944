import { checkUrl, type CheckUrlOptions } from '@agent-platform/outbound';
import { AppError } from '@agent-platform/errors';
import type { Problems } from '../crud/problems.ts';

/** The same check that stands before every call, so that most mistakes show here and not in a run. */
export function checkAddress(field: string, url: string, options: CheckUrlOptions): Problems {
  try {
    checkUrl(url, options);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [{ field, description: error.message }];
  }
}
