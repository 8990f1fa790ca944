import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toBinary } from '@bufbuild/protobuf';
import { createPool } from '@agent-platform/database';
import {
  AgentService,
  ConfigurationService,
  GetConfigurationResponseSchema,
  SkillCategory,
  SkillService,
  TriggerService,
  WebhookSourceService,
  type ResourceChange,
} from '@agent-platform/proto';
import { pruneRevisions } from '../src/configuration/prune-revisions.ts';
import { createFixture, logger, type Fixture } from './fixture.ts';
import { fresh, makeAgent, makeSkill, makeSource, methodsOf, resources } from './resources.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const client = () => fixture.asService('dispatcher', 'management-api', ConfigurationService);

/** Every page of an answer, and what stands there in the end. */
async function read(orgId: string, knownVersion = 0n) {
  let page = await client().getConfiguration({ orgId, knownVersion });
  const { version, whole } = page;
  const changes = [...page.changes];
  while (page.nextPageToken) {
    page = await client().getConfiguration({ orgId, knownVersion, pageToken: page.nextPageToken });
    changes.push(...page.changes);
  }
  return { version, whole, changes, resources: applied(new Map(), changes) };
}

type Resources = Map<string, ResourceChange['resource']>;

function applied(resources: Resources, changes: readonly ResourceChange[]): Resources {
  for (const { id, resource } of changes) {
    if (resource.case === undefined) resources.delete(id);
    else resources.set(id, resource);
  }
  return resources;
}

const agentsOf = (resources: Resources) =>
  [...resources.values()].flatMap((resource) => (resource.case === 'agent' ? [resource.value] : []));

describe('a configuration', () => {
  it('of a tenant that never wrote is empty, and known after that', async () => {
    expect(await read('org_nobody')).toMatchObject({ version: 1n, whole: true, changes: [] });
    expect(await read('org_nobody', 1n)).toMatchObject({ version: 1n, whole: false, changes: [] });
  });

  it('has references resolved, skills in order, and nothing of other tenants', async () => {
    const orgId = fresh('org');
    await makeSkill(fixture, fresh('org'), { name: 'foreign' });
    const source = await makeSource(fixture, orgId, 'shop');
    const write = await makeSkill(fixture, orgId, { name: 'billing', requiresApproval: true });
    const readOnly = await makeSkill(fixture, orgId, { name: 'archive', category: SkillCategory.READ });
    const agent = await makeAgent(fixture, orgId, 'clerk', [readOnly.name, write.id]);
    const trigger = { name: 'file', eventType: 'invoice.uploaded', webhookSource: 'shop', agentId: 'clerk' };
    const args = '{"id":"{{ .payload.id }}","nested":{"list":[1.0,null,true]}}';
    const created = await fixture.as(orgId, TriggerService).createTrigger({
      trigger: {
        ...trigger,
        autoApprove: true,
        action: { case: 'toolCall', value: { tool: 'archive/store/all', arguments: args } },
      },
    });
    const { resources } = await read(orgId);
    expect([...resources.values()].map(({ value }) => value)).toMatchObject(
      [
        {
          id: created.trigger!.id,
          name: 'file',
          eventType: 'invoice.uploaded',
          sourceId: source.id,
          agentId: agent.id,
          autoApprove: true,
          action: { case: 'toolCall', value: { tool: 'store/all', skillId: readOnly.id, arguments: args } },
        },
        { id: agent.id, name: 'clerk', skillIds: [readOnly.id, write.id] },
        { id: write.id, name: 'billing', readOnly: false, requiresApproval: true },
        { id: readOnly.id, name: 'archive', readOnly: true, requiresApproval: false },
        { id: source.id, name: 'shop' },
      ].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    );
  });

  it.each(resources)('answers just the change after every write of $label', async (resource) => {
    const orgId = fresh('org');
    const methods = methodsOf(resource, fixture.as(orgId, resource.service));
    const values = { ...(await resource.values(fixture, orgId)), name: fresh('x') };
    await makeAgent(fixture, orgId, fresh('z'));
    let { version, resources } = await read(orgId);
    const changed = async () => {
      const next = await read(orgId, version);
      expect(next).toMatchObject({ whole: false });
      expect(next.version).toBeGreaterThan(version);
      ({ version } = next);
      resources = applied(resources, next.changes);
      expect(resources).toEqual((await read(orgId)).resources);
      return next.changes.map(({ id, resource }) => [id, resource.case]);
    };
    const { id } = await methods.create(values);
    const [[, kind] = []] = await changed();
    expect(kind).toBeDefined();
    await methods.update({ id, name: fresh('y') });
    expect(await changed()).toEqual([[id, kind]]);
    await methods.delete(id);
    expect(await changed()).toEqual([[id, undefined]]);
    await methods.get(id).catch(() => undefined);
    expect(await read(orgId, version)).toMatchObject({ version, whole: false, changes: [] });
  });

  it('says what is paused, and what is not any more', async () => {
    const orgId = fresh('org');
    const source = await makeSource(fixture, orgId, 'shop');
    await makeAgent(fixture, orgId, 'clerk');
    const triggers = fixture.as(orgId, TriggerService);
    const listening = { eventType: 'a.b', webhookSource: 'shop', agentId: 'clerk' };
    const action = { case: 'promptTemplate' as const, value: 'go' };
    const { trigger } = await triggers.createTrigger({ trigger: { name: 'file', ...listening, action, paused: true } });
    expect(trigger).toMatchObject({ paused: true });
    const sources = fixture.as(orgId, WebhookSourceService);
    await sources.updateWebhookSource({ webhookSource: { id: 'shop', paused: true } });
    const paused = async () => {
      const { resources } = await read(orgId);
      return [trigger!.id, source.id].map((id) => (resources.get(id)!.value as { paused: boolean }).paused);
    };
    expect(await paused()).toEqual([true, true]);
    const updateMask = { paths: ['paused'] };
    await triggers.updateTrigger({ trigger: { id: 'file', paused: false }, updateMask });
    expect(await paused()).toEqual([false, true]);
    await sources.updateWebhookSource({ webhookSource: { id: 'shop', paused: false }, updateMask });
    expect(await paused()).toEqual([false, false]);
  });

  it('keeps its version when a write fails', async () => {
    const orgId = fresh('org');
    await makeAgent(fixture, orgId, 'taken');
    const { version } = await read(orgId);
    await expect(makeAgent(fixture, orgId, 'taken')).rejects.toMatchObject({ kind: 'already_exists' });
    await expect(makeAgent(fixture, orgId, 'other', ['nothing'])).rejects.toMatchObject({ kind: 'invalid_argument' });
    expect((await read(orgId)).version).toBe(version);
  });

  it('contains a write as soon as it returned, however many write at once', async () => {
    const orgId = fresh('org');
    const seen = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const { agent } = await fixture.as(orgId, AgentService).createAgent({ agent: { name: `agent-${index}` } });
        const { version, resources } = await read(orgId);
        expect(resources.keys()).toContain(agent!.id);
        return { version, count: resources.size };
      }),
    );
    // What a version contains never changes after it was seen.
    const counts = new Map<bigint, number>();
    for (const { version, count } of seen)
      expect(counts.set(version, counts.get(version) ?? count).get(version)).toBe(count);
    expect(Math.max(...seen.map(({ count }) => count))).toBe(10);
  });

  it('never shows a version without everything that belongs to it', async () => {
    const orgId = fresh('org');
    await makeSkill(fixture, orgId, { name: 'one' });
    await makeAgent(fixture, orgId, 'agent', ['one']);
    const skills = fixture.as(orgId, SkillService);
    const agents = fixture.as(orgId, AgentService);
    let done = false;
    const rewrite = async () => {
      for (let i = 0; i < 10; i++) {
        await agents.updateAgent({ agent: { id: 'agent', skills: [] }, updateMask: { paths: ['skills'] } });
        await skills.deleteSkill({ skill: 'one' });
        await makeSkill(fixture, orgId, { name: 'one' });
        await agents.updateAgent({ agent: { id: 'agent', skills: ['one'] }, updateMask: { paths: ['skills'] } });
      }
    };
    const writer = rewrite().finally(() => (done = true));
    while (!done) {
      const { resources } = await read(orgId);
      for (const id of agentsOf(resources)[0]!.skillIds) expect(resources.keys()).toContain(id);
    }
    await writer;
  });

  it('comes in pages of about 1 MiB, whole or as changes', async () => {
    const orgId = fresh('org');
    const { version: empty } = await read(orgId);
    await makeAgent(fixture, orgId, 'first');
    const { version } = await read(orgId, empty);
    const agents = fixture.as(orgId, AgentService);
    for (let i = 0; i < 40; i++) {
      await agents.createAgent({ agent: { name: `large-${i}`, instructions: String(i % 10).repeat(60_000) } });
    }
    for (const known of [0n, version]) {
      const first = await client().getConfiguration({ orgId, knownVersion: known });
      expect(toBinary(GetConfigurationResponseSchema, first).length).toBeLessThan(1.2 * 1024 * 1024);
      expect(first.nextPageToken).not.toBe('');
      const { changes, resources } = await read(orgId, known);
      expect(changes).toHaveLength(known === 0n ? 41 : 40);
      expect(resources.size).toBe(changes.length);
    }
  });

  it('of a restored backup is answered whole, whichever version is known', async () => {
    const orgId = fresh('org');
    await makeAgent(fixture, orgId, 'kept');
    const { version: backup } = await read(orgId);
    await makeAgent(fixture, orgId, 'lost');
    const { version: known } = await read(orgId);
    await restore(orgId, backup);
    const restored = await read(orgId, known);
    expect(restored).toMatchObject({ version: backup, whole: true });
    expect(agentsOf(restored.resources).map(({ name }) => name)).toEqual(['kept']);
    await makeAgent(fixture, orgId, 'new');
    const after = await read(orgId, known);
    expect(after.version).toBeGreaterThan(known);
    expect(after.whole).toBe(true);
    expect(agentsOf(after.resources).map(({ name }) => name)).toEqual(['kept', 'new']);
  });

  it('refuses a page token that is none', async () => {
    const pageToken = 'whole.1.2';
    await expect(client().getConfiguration({ orgId: 'org', pageToken })).rejects.toMatchObject({
      kind: 'invalid_argument',
    });
  });
});

describe('a resource', () => {
  it('can be read as it was, and is not there before it was made and after it was deleted', async () => {
    const orgId = fresh('org');
    await makeAgent(fixture, orgId, 'other');
    const { version: before } = await read(orgId);
    const agents = fixture.as(orgId, AgentService);
    const { agent } = await agents.createAgent({ agent: { name: 'clerk', model: 'openai/old' } });
    const { version: made } = await read(orgId);
    await agents.updateAgent({ agent: { id: 'clerk', model: 'openai/new' } });
    const { version: changed } = await read(orgId);
    await agents.deleteAgent({ agent: 'clerk' });
    const { version: deleted } = await read(orgId);
    const at = async (version: bigint, ofOrg = orgId) => {
      const { known, resources } = await client().getResources({ orgId: ofOrg, version, ids: [agent!.id] });
      return { known, models: agentsOf(applied(new Map(), resources)).map(({ model }) => model) };
    };
    expect(await at(before)).toEqual({ known: true, models: [] });
    expect(await at(made)).toEqual({ known: true, models: ['openai/old'] });
    expect(await at(changed)).toEqual({ known: true, models: ['openai/new'] });
    expect(await at(deleted)).toEqual({ known: true, models: [] });
    expect(await at(made + 1_000_000n)).toMatchObject({ known: false });
    expect(await at(made, fresh('org'))).toEqual({ known: false, models: [] });
  });

  it('is forgotten as it was once no event can have met it, and the rest stays', async () => {
    const orgId = fresh('org');
    const agents = fixture.as(orgId, AgentService);
    await makeAgent(fixture, orgId, 'kept');
    await makeAgent(fixture, orgId, 'gone');
    await agents.updateAgent({ agent: { id: 'kept', model: 'openai/second' } });
    await agents.deleteAgent({ agent: 'gone' });
    const { version, resources } = await read(orgId);
    const pool = createPool({ url: fixture.databaseUrl, applicationName: 'test', max: 1, logger });
    try {
      const count = async () =>
        (await pool.query(`select from configuration_revisions where org_id = $1`, [orgId])).rowCount;
      await pruneRevisions(pool, { keepMs: 0, nowMs: Number(version) });
      expect(await count()).toBe(4);
      const later = { keepMs: 0, nowMs: Number(version) + 2 * 86_400_000 };
      while (await pruneRevisions(pool, later));
      await pruneRevisions(pool, later);
      expect(await count()).toBe(1);
    } finally {
      await pool.end();
    }
    expect((await read(orgId)).resources).toEqual(resources);
    expect(await read(orgId, version)).toMatchObject({ whole: false, changes: [] });
  });
});

/** As a backup brings it back: everything as it was at a version. */
async function restore(orgId: string, version: bigint): Promise<void> {
  const pool = createPool({ url: fixture.databaseUrl, applicationName: 'test', max: 1, logger });
  try {
    await pool.query(
      'delete from agents where org_id = $1 and id = any (select id from configuration_revisions where version > $2)',
      [orgId, version],
    );
    await pool.query('delete from configuration_revisions where org_id = $1 and version > $2', [orgId, version]);
    await pool.query('update org_versions set version = $2 where org_id = $1', [orgId, version]);
  } finally {
    await pool.end();
  }
}
