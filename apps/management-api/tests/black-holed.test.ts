import { expect, it, vi } from 'vitest';
import { createPool } from '@agent-platform/database';
import { SkillService, WebhookSourceService } from '@agent-platform/proto';
import { createFixture, logger } from './fixture.ts';
import { fresh, makeSkill, makeSource } from './resources.ts';

const orgId = 'org_a';
/** More than there are connections to the database. */
const WRITES = 15;

it('while token-service takes requests and answers none, writes wait without a transaction and reads go on', async () => {
  await using fixture = await createFixture();
  await using resources = new AsyncDisposableStack();
  const pool = createPool({ url: fixture.databaseUrl, applicationName: 'test', logger });
  resources.defer(() => pool.end());
  const skills = fixture.as(orgId, SkillService);
  const sources = fixture.as(orgId, WebhookSourceService);
  const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders: { A: 'old' } });
  const doomed = await makeSource(fixture, orgId, fresh('source'));

  const answered = Promise.withResolvers<void>();
  fixture.faults.silence = answered.promise;
  const creates = Array.from({ length: WRITES }, () => [
    makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders: { A: 'b' } }),
    makeSource(fixture, orgId, fresh('source')),
  ]).flat();
  const writes = Promise.all([
    ...creates,
    skills.updateSkill({ skill: { id: skill.id, mcpHeaders: { A: 'new' } } }),
    sources.deleteWebhookSource({ webhookSource: doomed.id }),
  ]);
  const open = async () => (await pool.query('select from handovers')).rowCount;
  await vi.waitFor(async () => expect(await open()).toBe(2 * WRITES + 2), 10_000);

  expect((await skills.getSkill({ skill: skill.id })).skill).toEqual(skill);
  // The change is noted first and made next.
  await vi.waitFor(async () => expect((await sources.listWebhookSources({})).webhookSources).toEqual([]), 10_000);
  await skills.updateSkill({ skill: { id: skill.id, description: 'changed meanwhile' } });
  const { rows } = await pool.query(
    `select state, query from pg_stat_activity
      where datname = current_database() and application_name = 'management-api' and state like 'idle in transaction%'`,
  );
  expect(rows).toEqual([]);

  answered.resolve();
  await writes;
  expect((await skills.listSkills({ pageSize: 100 })).skills).toHaveLength(WRITES + 1);
  expect((await skills.getSkill({ skill: skill.id })).skill!.description).toBe('changed meanwhile');
});
