import { getOption, type DescField, type DescService, type Message } from '@bufbuild/protobuf';
import { refers_to } from '@agent-platform/proto';
import type { Prepare } from '@agent-platform/rpc';
import { agents } from './agents/agent.ts';
import { findByReference, isIdOf, notFound } from './crud/reference.ts';
import type { Resource, Row } from './crud/resource.ts';
import type { Database } from './database.ts';
import type { Tenant } from './tenant.ts';
import { triggers } from './triggers/trigger.ts';
import { webhookSources } from './webhook-sources/webhook-source.ts';

type Resolve = (tenant: Tenant, reference: string) => Promise<string>;

const resolvers: Readonly<Record<string, Resolve>> = {
  agent: (tenant, reference) => idOf(agents, tenant, reference),
  trigger: (tenant, reference) => idOf(triggers, tenant, reference),
  webhook_source: (tenant, reference) => idOf(webhookSources, tenant, reference),
};

/**
 * Puts ids in the place of names, wherever a request of the services refers to something of ours.
 *
 * @throws Error when a field refers to what nobody has heard of; the requests are refused with AppError `…_not_found`.
 */
export function resolveReferences(database: Database, services: readonly DescService[]): Prepare {
  const inputs = services.flatMap(({ methods }) => methods.map(({ input }) => input));
  const references = new Map(inputs.map(({ typeName, fields }) => [typeName, fields.filter(isReference)]));
  for (const field of [...references.values()].flat()) resolverOf(field);
  return async (type, request, { orgId }) => {
    const values = request as unknown as Record<string, string>;
    const given = references.get(type.typeName)!.filter(({ localName }) => values[localName] !== '');
    const tenant = database.tenant(orgId);
    const ids = await Promise.all(
      given.map(async (field) => [field.localName, await resolverOf(field)(tenant, values[field.localName]!)] as const),
    );
    return { ...request, ...Object.fromEntries(ids) };
  };
}

const isReference = (field: DescField) => getOption(field, refers_to) !== '';

function resolverOf(field: DescField): Resolve {
  const resolve = resolvers[getOption(field, refers_to)];
  if (!resolve) throw new Error(`${field.toString()} refers to what is not known here`);
  return resolve;
}

async function idOf<M extends Message, R extends Row>(resource: Resource<M, R>, tenant: Tenant, reference: string) {
  const row = await findByReference(resource, tenant, reference);
  if (row) return row.id;
  // What is deleted still has its events and runs.
  if (isIdOf(resource, reference) && (await hasRevision(tenant, reference))) return reference;
  throw notFound(resource, reference);
}

async function hasRevision(tenant: Tenant, id: string): Promise<boolean> {
  return (await tenant.configurationRevision.findFirst({ where: { id }, select: { version: true } })) !== null;
}
