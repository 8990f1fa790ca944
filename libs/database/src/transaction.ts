import type { Pool, PoolClient } from 'pg';

/**
 * Runs `work` in one transaction (READ COMMITTED): commits when it resolves, rolls back when it rejects, with
 * the error as it was thrown. Do not keep the client beyond `work`.
 *
 * @throws Error when `work` swallowed the error of a statement: PostgreSQL then turns COMMIT into ROLLBACK
 *   without an error, which must not pass for success.
 */
export async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(client);
    const end = await client.query('commit');
    if (end.command !== 'COMMIT') throw new Error('The transaction was rolled back because a statement in it failed');
    return result;
  } catch (error) {
    // A client that cannot even roll back is closed rather than handed to the next caller.
    await client.query('rollback').catch((cause: Error) => (broken = cause));
    throw error;
  } finally {
    client.release(broken);
  }
}
