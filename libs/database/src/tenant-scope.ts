import { Prisma } from '@prisma/client/extension';

type Args = Record<string, unknown>;

/**
 * A Prisma client extension that confines every query of every model to one organization:
 * `prisma.$extends(tenantScope(orgId))`. Each model must have the field `orgId`. Reads, updates and deletes get it
 * in their `where`, created rows get it as data, whatever the caller gave; a row never changes its organization.
 *
 * Not reached by it: raw SQL, and relations inside one query (`include`, nested writes such as `connect`). Give
 * relations foreign keys that contain `org_id`, so that the database itself refuses a foreign row.
 *
 * @throws Error for an operation it does not know, rather than let it through unscoped.
 */
export function tenantScope(orgId: string) {
  return Prisma.defineExtension({
    name: 'tenant-scope',
    query: {
      $allModels: {
        $allOperations({ operation, args, query }) {
          return query(scoped(operation, args ?? {}, orgId) as typeof args);
        },
      },
    },
  });
}

function scoped(operation: string, args: Args, orgId: string): Args {
  const own = (value: unknown): Args => ({ ...(value as Args | undefined), orgId });
  switch (operation) {
    case 'findUnique':
    case 'findUniqueOrThrow':
    case 'findFirst':
    case 'findFirstOrThrow':
    case 'findMany':
    case 'count':
    case 'aggregate':
    case 'groupBy':
    case 'delete':
    case 'deleteMany':
      return { ...args, where: own(args['where']) };
    case 'update':
    case 'updateMany':
    case 'updateManyAndReturn':
      return { ...args, where: own(args['where']), data: withoutOrg(args['data']) };
    case 'create':
      return { ...args, data: own(args['data']) };
    case 'createMany':
    case 'createManyAndReturn':
      return { ...args, data: [args['data']].flat().map(own) };
    case 'upsert':
      return {
        ...args,
        where: own(args['where']),
        create: own(args['create']),
        update: withoutOrg(args['update']),
      };
    default:
      throw new Error(`The operation ${operation} has no tenant scope`);
  }
}

function withoutOrg(data: unknown): Args {
  const rest = { ...(data as Args) };
  delete rest['orgId'];
  return rest;
}
