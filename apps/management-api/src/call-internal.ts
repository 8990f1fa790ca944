import { AppError } from '@agent-platform/errors';

/** Refusals that say something about our own request, and nothing about the request of the user. */
const OUR_FAULT = new Set(['permission_denied', 'invalid_argument', 'unimplemented']);

/** A call to another service in the platform's own name: the user must not read its refusal as one of theirs. */
export async function callInternal<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof AppError) || !OUR_FAULT.has(error.kind)) throw error;
    throw new Error('token-service refused a call of ours', { cause: error });
  }
}
