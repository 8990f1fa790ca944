import { describe, expect, it } from 'vitest';
import { tenantScope } from './tenant-scope.ts';

type Operation = (o: { operation: string; args: unknown; query: (args: unknown) => unknown }) => unknown;

/** The arguments that reach the database for an operation of a client scoped to `org_a`. */
function scoped(operation: string, args: unknown): unknown {
  let run: Operation | undefined;
  const client = {
    $extends: (extension: { query: { $allModels: { $allOperations: Operation } } }) => {
      run = extension.query.$allModels.$allOperations;
    },
  };
  (tenantScope('org_a') as unknown as (c: typeof client) => void)(client);
  return run!({ operation, args, query: (sent) => sent });
}

describe('the tenant scope', () => {
  it.each([
    'findUnique',
    'findUniqueOrThrow',
    'findFirst',
    'findFirstOrThrow',
    'findMany',
    'count',
    'aggregate',
    'groupBy',
    'delete',
    'deleteMany',
  ])('confines %s to the organization, whatever the caller asked for', (operation) => {
    expect(scoped(operation, { where: { id: '1', orgId: 'org_b' } })).toEqual({ where: { id: '1', orgId: 'org_a' } });
    expect(scoped(operation, undefined)).toEqual({ where: { orgId: 'org_a' } });
  });

  it.each(['update', 'updateMany', 'updateManyAndReturn'])('%s reaches own rows only and moves none', (operation) => {
    const args = { where: { id: '1' }, data: { name: 'n', orgId: 'org_b' } };
    expect(scoped(operation, args)).toEqual({ where: { id: '1', orgId: 'org_a' }, data: { name: 'n' } });
  });

  it('creates rows in the organization only', () => {
    const row = { name: 'n', orgId: 'org_a' };
    expect(scoped('create', { data: { name: 'n', orgId: 'org_b' } })).toEqual({ data: row });
    expect(scoped('createMany', { data: [{ name: 'n' }] })).toEqual({ data: [row] });
    expect(scoped('createManyAndReturn', { data: { name: 'n' } })).toEqual({ data: [row] });
    expect(scoped('upsert', { where: { id: '1' }, create: { name: 'n' }, update: { orgId: 'org_b' } })).toEqual({
      where: { id: '1', orgId: 'org_a' },
      create: row,
      update: {},
    });
  });

  it('refuses an operation it does not know', () => {
    expect(() => scoped('findRaw', {})).toThrow('findRaw');
  });
});
