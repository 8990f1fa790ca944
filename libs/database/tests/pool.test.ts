import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { createPool } from '../src/index.ts';
import { logger, startServer } from './server.ts';

let resources: AsyncDisposableStack;
let url: string;

beforeAll(async () => {
  resources = new AsyncDisposableStack();
  url = await resources.use(await startServer()).newDatabase();
});
afterAll(() => resources.disposeAsync());
afterEach(() => {
  vi.unstubAllEnvs();
});

/** What a session of a pool with `settings` says of itself. */
async function session(poolUrl: string, settings: Record<string, string>) {
  const pool = createPool({ url: poolUrl, applicationName: 'test', max: 1, settings, logger });
  const show = async (name: string) =>
    (await pool.query<{ value: string }>(`select current_setting($1) as value`, [name])).rows[0]?.value;
  try {
    return { seqscan: await show('enable_seqscan'), workMem: await show('work_mem') };
  } finally {
    await pool.end();
  }
}

const withOptions = (options: string) => `${url}?options=${encodeURIComponent(options)}`;

it.each([
  ['alone', () => url, undefined, '4MB'],
  ['beside options in the URL', () => withOptions('-c work_mem=5MB'), undefined, '5MB'],
  ['beside PGOPTIONS', () => url, '-c work_mem=6MB', '6MB'],
  ['where the URL stands before PGOPTIONS', () => withOptions('-c work_mem=5MB'), '-c work_mem=6MB', '5MB'],
])("a pool's settings hold %s", async (_, poolUrl, pgOptions, workMem) => {
  if (pgOptions !== undefined) vi.stubEnv('PGOPTIONS', pgOptions);
  expect(await session(poolUrl(), { enable_seqscan: 'off' })).toEqual({ seqscan: 'off', workMem });
  expect(await session(poolUrl(), {})).toEqual({ seqscan: 'on', workMem });
});
