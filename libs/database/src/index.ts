export * from './embedded/embedded-postgres.ts';
export * from './errors.ts';
export * from './listen.ts';
export * from './migrate.ts';
export * from './pool.ts';
export * from './prisma.ts';
export * from './tenant-scope.ts';
export * from './transaction.ts';
