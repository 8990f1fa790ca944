import { expect, it } from 'vitest';
import { createPool, migrate } from '@agent-platform/database';
import { createTestDatabase, migrationsBefore } from '@agent-platform/testing';
import { migrationsDir } from '../src/database.ts';
import { logger } from './fixture.ts';

it('a source that was set to "none" is one where only keys count', async () => {
  await using before = await migrationsBefore(migrationsDir, '20261128010000_deduplication_is_content_or_key');
  await using database = await createTestDatabase(before);
  const pool = createPool({ url: database.url, applicationName: 'test', logger });
  for (const setting of ['content', 'key', 'none']) {
    await pool.query(
      `insert into webhook_sources (org_id, id, name, description, deduplication, rate_limit_per_second,
                                    signature_secret_count, created_at, updated_at)
       values ('org_a', $1::text, $1::text, '', $1::text::deduplication, 7, 0, now(), now())`,
      [setting],
    );
  }
  await migrate({ url: database.url, migrationsDir });
  const { rows } = await pool.query(`select id, deduplication from webhook_sources order by id`);
  await pool.end();
  expect(rows).toEqual([
    { id: 'content', deduplication: 'content' },
    { id: 'key', deduplication: 'key' },
    { id: 'none', deduplication: 'key' },
  ]);
});
