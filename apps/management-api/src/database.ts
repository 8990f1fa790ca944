import { fileURLToPath } from 'node:url';
import { isLockTimeout, prismaAdapter, tenantScope, type Pool } from '@agent-platform/database';
import { AppError } from '@agent-platform/errors';
import { Revision } from './configuration/revision.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import type { Tenant } from './tenant.ts';

/** Where the migrations of this service's database are. */
export const migrationsDir = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

/** The pool's own wait for a connection is shorter; a turn is some statements, and never a call to another service. */
const WRITE_LIMITS = { maxWait: 10_000, timeout: 10_000 };
/** How long a write waits for its turn: callers give up after 5 s, and should know by then that nothing was written. */
const TURN_TIMEOUT = '3s';

export function createDatabase(pool: Pool) {
  const prisma = new PrismaClient({ adapter: prismaAdapter(pool) });
  // The scope changes what queries see, not what they look like.
  const tenant = (orgId: string) => prisma.$extends(tenantScope(orgId)) as unknown as PrismaClient;

  return {
    /** Sees the rows of one tenant. */
    tenant: (orgId: string): Tenant => tenant(orgId),

    /**
     * A change of a tenant's configuration, with its new version, or nothing. The version comes first: its row lock
     * makes the writers of a tenant take turns, so that what one of them has read stays true until it commits, and
     * a version is never seen before everything that belongs to it.
     */
    write: <T>(orgId: string, work: (tx: Tenant, revision: Revision) => Promise<T>): Promise<T> =>
      tenant(orgId).$transaction(async (tx) => {
        await tx.$executeRaw`select set_config('lock_timeout', ${TURN_TIMEOUT}, true)`;
        const revision = new Revision(tx, orgId, await newVersion(tx, orgId));
        const result = await work(tx, revision);
        if (!revision.isRecorded) throw new Error('A change of the configuration left no revision');
        return result;
      }, WRITE_LIMITS),

    [Symbol.asyncDispose]: () => prisma.$disconnect(),
  };
}

export type Database = ReturnType<typeof createDatabase>;

async function newVersion(tx: Tenant, orgId: string): Promise<bigint> {
  try {
    const [row] = await tx.$queryRaw<{ version: bigint }[]>`
      insert into org_versions as v (org_id, version)
      values (${orgId}, (extract(epoch from clock_timestamp()) * 1000)::bigint)
      on conflict (org_id) do update set version = greatest(excluded.version, v.version + 1)
      returning version`;
    return row!.version;
  } catch (cause) {
    if (!isLockTimeout(cause)) throw cause;
    const message = 'Too many changes of this configuration are under way at once; try again.';
    throw new AppError('unavailable', 'configuration_busy', message, { cause, retryAfterSeconds: 1 });
  }
}
