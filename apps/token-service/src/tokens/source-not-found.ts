import { AppError } from '@agent-platform/errors';

/** The same for a source that is not there and for one of another tenant. */
export function sourceNotFound(sourceId: string): AppError {
  return new AppError('not_found', 'webhook_source_not_found', `There is no webhook source ${sourceId}.`);
}
