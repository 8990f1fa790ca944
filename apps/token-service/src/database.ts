import { fileURLToPath } from 'node:url';
import { prismaAdapter, tenantScope, type Pool } from '@agent-platform/database';
import { PrismaClient } from './generated/prisma/client.ts';

/** Where the migrations of this service's database are. */
export const migrationsDir = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

export function createDatabase(pool: Pool) {
  const prisma = new PrismaClient({ adapter: prismaAdapter(pool) });
  return {
    /** Sees every tenant: for looking up whose a token is, and nothing else. */
    allTenants: prisma,
    /** Sees the rows of one tenant. */
    tenant: (orgId: string) => prisma.$extends(tenantScope(orgId)),
    [Symbol.asyncDispose]: () => prisma.$disconnect(),
  };
}

export type Database = ReturnType<typeof createDatabase>;
