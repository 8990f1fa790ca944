import { expect, it } from 'vitest';
import { createPool } from '@agent-platform/database';
import { AgentService } from '@agent-platform/proto';
import { createFixture, logger } from './fixture.ts';

it('a write that does not get its turn is given up before its caller does, and leaves nothing', async () => {
  await using fixture = await createFixture();
  const agents = fixture.as('org_a', AgentService);
  await agents.createAgent({ agent: { name: 'first' } });
  const pool = createPool({ url: fixture.databaseUrl, applicationName: 'test', logger });
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select from org_versions for update');
    await expect(agents.createAgent({ agent: { name: 'second' } })).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'configuration_busy',
      retryAfterSeconds: 1,
    });
    await fixture.as('org_b', AgentService).createAgent({ agent: { name: 'second' } });
  } finally {
    client.release(true);
    await pool.end();
  }
  await expect(agents.getAgent({ agent: 'second' })).rejects.toMatchObject({ kind: 'not_found' });
  await agents.createAgent({ agent: { name: 'second' } });
});
