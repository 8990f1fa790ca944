import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import type { Pool } from 'pg';

/**
 * Lets a Prisma client use our pool: `new PrismaClient({ adapter: prismaAdapter(pool) })`. The pool outlives the
 * client; whoever made it ends it.
 */
export function prismaAdapter(pool: Pool): SqlDriverAdapterFactory {
  return new PrismaPg(pool);
}
