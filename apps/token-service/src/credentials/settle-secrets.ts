import type { Context } from '../context.ts';
import type { SecretOwner } from './sealing.ts';

const PUT_IN_FORCE = `
  update sealed_secrets set in_force = true where org_id = $1 and owner_id = $2 and version = $3 and not in_force`;

// A lower version never comes into force again. Should this statement not run, the highest in force is what counts.
const REMOVE = `
  delete from sealed_secrets where org_id = $1 and owner_id = $2 and (version < $3 or version = nullif($4, 0))`;

export interface Settled {
  /** The version that the owner has. */
  readonly version: number;
  /** One that no owner has; 0: none. */
  readonly abandonedVersion: number;
}

/** Puts a version of an owner's secrets in force and removes those that nobody has any more. */
export async function settleSecrets(
  { pool }: Pick<Context, 'pool'>,
  { orgId, ownerId }: SecretOwner,
  { version, abandonedVersion }: Settled,
): Promise<void> {
  await pool.query(PUT_IN_FORCE, [orgId, ownerId, version]);
  await pool.query(REMOVE, [orgId, ownerId, version, abandonedVersion]);
}
