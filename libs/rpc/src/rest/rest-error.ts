import { ConnectError } from '@connectrpc/connect';
import { AppError } from '@agent-platform/errors';
import { fromConnectError } from '../errors.ts';
import { INVALID_REQUEST, invalidRequest } from '../invalid-request.ts';
import type { Binding } from './binding.ts';

/** The error with its fields named as in the body: `name` where the RPC's request says `agent.name`. */
export function withoutPrefix({ body }: Binding, thrown: unknown): unknown {
  const error = thrown instanceof ConnectError ? fromConnectError(thrown) : thrown;
  if (!(error instanceof AppError) || error.fields.length === 0 || typeof body !== 'object') return error;
  const prefix = `${body.name}.`;
  const fields = error.fields.map(({ field, description }) => ({
    field: field.startsWith(prefix) ? field.slice(prefix.length) : field,
    description,
  }));
  // Its text repeats the fields.
  if (error.code === INVALID_REQUEST) return invalidRequest(fields, error);
  return new AppError(error.kind, error.code, error.message, { fields, cause: error });
}
