import type { Message } from '@bufbuild/protobuf';
import { AppError } from '@agent-platform/service';
import type { Tenant } from '../tenant.ts';
import type { AnyNoun, Key, Noun, Row } from './noun.ts';
import { throwIfAny } from './problems.ts';

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Reads an id or a name. Names have no underscore, so none looks like an id. */
export function parseReference(noun: AnyNoun, reference: string): Key | undefined {
  if (isIdOf(noun, reference)) return { id: reference };
  return NAME.test(reference) ? { name: reference } : undefined;
}

export function isIdOf(noun: AnyNoun, text: string): boolean {
  return text.startsWith(`${noun.idPrefix}_`) && /^[0-9a-z]{26}$/.test(text.slice(noun.idPrefix.length + 1));
}

export async function findByReference<M extends Message, R extends Row>(
  noun: Noun<M, R>,
  tenant: Tenant,
  reference: string,
): Promise<R | null> {
  const key = parseReference(noun, reference);
  return key === undefined ? null : noun.find(tenant, key);
}

/** @throws AppError `not_found`, the same whether it exists nowhere or with another tenant. */
export async function getByReference<M extends Message, R extends Row>(
  noun: Noun<M, R>,
  tenant: Tenant,
  reference: string,
): Promise<R> {
  // Elsewhere the proto asks for at least one character; an update has the reference inside of what it writes.
  if (reference === '') throwIfAny([{ field: `${noun.field}.id`, description: 'is required' }]);
  const row = await findByReference(noun, tenant, reference);
  if (row === null) throw notFound(noun, reference);
  return row;
}

export function notFound(noun: AnyNoun, reference: string): AppError {
  return new AppError('not_found', `${noun.field}_not_found`, `There is no ${noun.label} "${reference}".`);
}
