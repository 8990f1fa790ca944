import pg from 'pg';
import { connectionOptions } from './connection-options.ts';

/**
 * Makes a database of a server if it is not there. Safe to call at once from several places.
 *
 * @param serverUrl - of any database of the server, as a user who may create databases.
 */
export async function createDatabase(serverUrl: string, name: string): Promise<void> {
  const client = new pg.Client(connectionOptions(serverUrl));
  await client.connect();
  try {
    const found = await client.query('select from pg_database where datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  } catch (error) {
    // duplicate_database, or two at once: unique_violation in the catalogue.
    if (!['42P04', '23505'].includes((error as pg.DatabaseError).code ?? '')) throw error;
  } finally {
    await client.end();
  }
}
