import { tenantScope } from '@agent-platform/database';
import type { PrismaClient } from '../generated/prisma/client.ts';

export type TenantDatabase = ReturnType<typeof tenantDatabase>;

/** Finds and changes what belongs to the tenant, and nothing else. */
export function tenantDatabase(prisma: PrismaClient, orgId: string) {
  return prisma.$extends(tenantScope(orgId));
}
