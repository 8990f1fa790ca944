import type { Message } from '@bufbuild/protobuf';
import { AppError } from '@agent-platform/errors';
import type { Tenant } from '../tenant.ts';
import type { AnyResource, Key, Resource, Row } from './resource.ts';
import { throwIfInvalid } from './problems.ts';

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Reads an id or a name. Names have no underscore, so none looks like an id. */
export function parseReference(resource: AnyResource, reference: string): Key | undefined {
  if (isIdOf(resource, reference)) return { id: reference };
  return NAME.test(reference) ? { name: reference } : undefined;
}

export function isIdOf(resource: AnyResource, text: string): boolean {
  return text.startsWith(`${resource.idPrefix}_`) && /^[0-9a-z]{26}$/.test(text.slice(resource.idPrefix.length + 1));
}

export async function findByReference<M extends Message, R extends Row>(
  resource: Resource<M, R>,
  tenant: Tenant,
  reference: string,
): Promise<R | null> {
  const key = parseReference(resource, reference);
  return key === undefined ? null : resource.find(tenant, key);
}

/** @throws AppError `not_found`, the same whether it exists nowhere or with another tenant. */
export async function getByReference<M extends Message, R extends Row>(
  resource: Resource<M, R>,
  tenant: Tenant,
  reference: string,
): Promise<R> {
  // Elsewhere the proto asks for at least one character; an update has the reference inside of what it writes.
  if (reference === '') throwIfInvalid([{ field: `${resource.field}.id`, description: 'is required' }]);
  const row = await findByReference(resource, tenant, reference);
  if (row === null) throw notFound(resource, reference);
  return row;
}

export function notFound(resource: AnyResource, reference: string): AppError {
  return new AppError('not_found', `${resource.field}_not_found`, `There is no ${resource.label} "${reference}".`);
}
