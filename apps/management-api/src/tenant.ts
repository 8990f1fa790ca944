import type { Prisma } from './generated/prisma/client.ts';

/** A tenant's rows, inside or outside of a transaction. */
export type Tenant = Prisma.TransactionClient;
