import { expect, it } from 'vitest';
import { createPool } from '@agent-platform/database';
import { AgentService } from '@agent-platform/proto';
import { createFixture, logger } from './fixture.ts';

/** PostgreSQL answers a write with these; that a full disk does is proven in libs/database. */
it.each(['53100', '53200', '58030'])('a write the database has no room for is to be tried again: %s', async (code) => {
  await using fixture = await createFixture();
  const agents = fixture.as('org_a', AgentService);
  await agents.createAgent({ agent: { name: 'first' } });
  const pool = createPool({ url: fixture.databaseUrl, applicationName: 'test', logger });
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
  await pool.query(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'could not extend file' using errcode = '${code}'; end $$`);
  await pool.query(`create trigger refuse before insert or update on agents for each row execute function refuse()`);

  const unavailable = { kind: 'unavailable', code: 'database_unavailable', retryAfterSeconds: 2 };
  await expect(agents.createAgent({ agent: { name: 'second' } })).rejects.toMatchObject(unavailable);
  const patch = { agent: { id: 'first', description: 'x' }, updateMask: { paths: ['description'] } };
  await expect(agents.updateAgent(patch)).rejects.toMatchObject(unavailable);
});
