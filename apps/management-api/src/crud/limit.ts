import type { Message } from '@bufbuild/protobuf';
import { AppError } from '@agent-platform/errors';
import type { Tenant } from '../tenant.ts';
import type { Resource, Row } from './resource.ts';

/**
 * Refuses another one when a tenant has as many as it may. Within a write: its writers take turns.
 *
 * @throws AppError `limit_reached`
 */
export async function refuseOverLimit<M extends Message, R extends Row>(
  resource: Resource<M, R>,
  tenant: Tenant,
  limit: number,
): Promise<void> {
  if ((await resource.count(tenant)) < limit) return;
  const message =
    `This organization has ${limit} ${resource.label}s, which is its limit. ` +
    'Delete one that is not needed, or ask the operator to raise the limit.';
  throw new AppError('failed_precondition', 'limit_reached', message);
}
