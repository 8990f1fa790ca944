import type { Tenant } from '../tenant.ts';

/** A resource from a version on; without content it is deleted. */
export interface RevisionRow {
  readonly id: string;
  readonly version: bigint;
  /** JSON of a ResourceChange. */
  readonly content: string | null;
}

/** gRPC clients refuse messages of more than 4 MiB. One resource may be larger than a page. */
const PAGE_BYTES = 1024 * 1024;
const PAGE_ROWS = 500;

/** From 1, which is the empty configuration of a tenant that never wrote, so that nobody takes it for their 0. */
export async function currentVersion(tenant: Tenant, orgId: string): Promise<bigint> {
  const row = await tenant.orgVersion.findFirst({ where: { orgId } });
  return row?.version ?? 1n;
}

export async function isOfThisHistory(tenant: Tenant, orgId: string, version: bigint): Promise<boolean> {
  if (version === 1n) return true;
  return (await tenant.configurationRevision.findFirst({ where: { orgId, version }, select: { id: true } })) !== null;
}

/**
 * What was written after a version and up to another, oldest first. Rows never change, and those of a version are there
 * once it is: pages that are read one after the other fit together.
 */
export function readChanges(
  tenant: Tenant,
  orgId: string,
  o: { after: { version: bigint; id: string }; upTo: bigint },
): Promise<RevisionRow[]> {
  return tenant.$queryRaw<RevisionRow[]>`
    select id, version, content from (
      select *, sum(length(content)) over (order by version, id) - coalesce(length(content), 0) as before
      from (
        select id, version, content from configuration_revisions
        where org_id = ${orgId} and (version, id) > (${o.after.version}, ${o.after.id}) and version <= ${o.upTo}
        order by version, id limit ${PAGE_ROWS}
      ) as next
    ) as sized
    where coalesce(before, 0) < ${PAGE_BYTES}
    order by version, id`;
}

/** Everything as it is at a version, by id. */
export function readWhole(tenant: Tenant, orgId: string, o: { at: bigint; after: string }): Promise<RevisionRow[]> {
  return tenant.$queryRaw<RevisionRow[]>`
    select id, version, content from (
      select *, sum(length(content)) over (order by id) - length(content) as before
      from (
        select * from (
          select distinct on (id) id, version, content from configuration_revisions
          where org_id = ${orgId} and version <= ${o.at} and id > ${o.after}
          order by id, version desc
        ) as newest
        where content is not null
        order by id limit ${PAGE_ROWS}
      ) as next
    ) as sized
    where before < ${PAGE_BYTES}
    order by id`;
}

/** Some resources as they were at a version. */
export function readResources(
  tenant: Tenant,
  orgId: string,
  o: { at: bigint; ids: readonly string[] },
): Promise<RevisionRow[]> {
  return tenant.$queryRaw<RevisionRow[]>`
    select distinct on (id) id, version, content from configuration_revisions
    where org_id = ${orgId} and id = any (${o.ids}) and version <= ${o.at}
    order by id, version desc`;
}
