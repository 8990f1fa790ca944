import { createPool, type Pool } from '@agent-platform/database';
import { createLogger } from '@agent-platform/telemetry';
import type { Evidence } from './evidence.ts';

const DATABASES = `select datname as name from pg_database where not datistemplate order by datname`;
const COLUMNS = `
  select format('%I.%I', table_schema, table_name) as table, column_name as column, udt_name = 'bytea' as is_bytes
  from information_schema.columns
  where table_schema not in ('pg_catalog', 'information_schema')
  order by table_schema, table_name, ordinal_position`;
const SEPARATOR = Buffer.from('\n');

interface Column {
  readonly table: string;
  readonly column: string;
  readonly is_bytes: boolean;
}

/** Every table of every database of a server: bytes as they are, everything else as PostgreSQL writes it. */
export async function* dumpDatabases(serverUrl: string): AsyncGenerator<Evidence> {
  const names = await withPool(serverUrl, (pool) => pool.query<{ name: string }>(DATABASES));
  for (const { name } of names.rows) {
    const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
    yield* await withPool(url, (pool) => dumpTables(pool, name));
  }
}

async function dumpTables(pool: Pool, database: string): Promise<Evidence[]> {
  const { rows } = await pool.query<Column>(COLUMNS);
  const dumps: Evidence[] = [];
  for (const [table, columns] of Map.groupBy(rows, (row) => row.table)) {
    const list = columns.map(({ column, is_bytes: isBytes }) => {
      const quoted = `"${column.replaceAll('"', '""')}"`;
      return isBytes ? quoted : `${quoted}::text`;
    });
    const answer = await pool.query<(string | Buffer | null)[]>({
      text: `select ${list.join(', ')} from ${table}`,
      rowMode: 'array',
    });
    const values = answer.rows.flat().filter((value) => value !== null);
    const content = Buffer.concat(values.flatMap((value) => [Buffer.from(value as string), SEPARATOR]));
    dumps.push({ place: 'databases', name: `${database}: ${table}`, content });
  }
  return dumps;
}

async function withPool<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const logger = createLogger({ level: 'silent', service: 'security' });
  const pool = createPool({ url, applicationName: 'canary', max: 1, logger });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
