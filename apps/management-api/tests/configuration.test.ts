import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentService, ConfigurationService, SkillCategory, SkillService, TriggerService } from '@agent-platform/proto';
import { createFixture, type Fixture } from './fixture.ts';
import { fresh, makeAgent, makeSkill, makeSource, methodsOf, nouns } from './nouns.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const read = (orgId: string, knownVersion = 0n) =>
  fixture.asService('dispatcher', 'management-api', ConfigurationService).getConfiguration({ orgId, knownVersion });

describe('a configuration', () => {
  it('of a tenant that never wrote is empty, and known after that', async () => {
    const first = await read('org_nobody');
    expect(first.version).toBe(1n);
    expect(first.configuration).toMatchObject({ triggers: [], agents: [], skills: [] });
    const again = await read('org_nobody', first.version);
    expect(again).toMatchObject({ version: 1n });
    expect(again.configuration).toBeUndefined();
  });

  it('has references resolved, skills in order, and nothing of other tenants', async () => {
    const orgId = fresh('org');
    await makeSkill(fixture, fresh('org'), { name: 'foreign' });
    const source = await makeSource(fixture, orgId, 'shop');
    const write = await makeSkill(fixture, orgId, { name: 'billing', requiresApproval: true });
    const readOnly = await makeSkill(fixture, orgId, { name: 'archive', category: SkillCategory.READ });
    const agent = await makeAgent(fixture, orgId, 'clerk', [write.id, readOnly.name]);
    const trigger = { name: 'file', eventType: 'invoice.uploaded', webhookSource: 'shop', agentId: 'clerk' };
    const toolCall = { tool: 'store', arguments: '{"id":"{{ .payload.id }}","nested":{"list":[1.0,null,true]}}' };
    const created = await fixture.as(orgId, TriggerService).createTrigger({
      trigger: { ...trigger, autoApprove: true, action: { case: 'toolCall', value: toolCall } },
    });
    const { configuration } = await read(orgId);
    expect(configuration).toMatchObject({
      triggers: [
        {
          id: created.trigger!.id,
          name: 'file',
          eventType: 'invoice.uploaded',
          sourceId: source.id,
          sourceName: 'shop',
          agentId: agent.id,
          autoApprove: true,
          action: { case: 'toolCall', value: toolCall },
        },
      ],
      agents: [{ id: agent.id, name: 'clerk', skillIds: [write.id, readOnly.id] }],
      skills: [
        { id: write.id, name: 'billing', readOnly: false, requiresApproval: true },
        { id: readOnly.id, name: 'archive', readOnly: true, requiresApproval: false },
      ],
    });
  });

  it.each(nouns)('has a new version after every write of $label', async (noun) => {
    const orgId = fresh('org');
    const methods = methodsOf(noun, fixture.as(orgId, noun.service));
    const values = { ...(await noun.values(fixture, orgId)), name: fresh('x') };
    let { version } = await read(orgId);
    const grows = async () => {
      const next = await read(orgId, version);
      expect(next.version).toBeGreaterThan(version);
      expect(next.configuration).toBeDefined();
      version = next.version;
    };
    const { id } = await methods.create(values);
    await grows();
    await methods.update({ id, description: 'x' });
    await grows();
    await methods.delete(id);
    await grows();
    await methods.get(id).catch(() => undefined);
    expect((await read(orgId, version)).configuration).toBeUndefined();
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
    const versions = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const { agent } = await fixture.as(orgId, AgentService).createAgent({ agent: { name: `agent-${index}` } });
        const { version, configuration } = await read(orgId);
        expect(configuration!.agents.map(({ id }) => id)).toContain(agent!.id);
        // One write, one version: what a version contains never changes after it was seen.
        expect(configuration!.agents).toHaveLength(Number(version) - 1);
        return version;
      }),
    );
    expect(versions.toSorted((a, b) => Number(a - b)).at(-1)).toBe(11n);
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
      const { configuration } = await read(orgId);
      const known = configuration!.skills.map(({ id }) => id);
      for (const id of configuration!.agents[0]!.skillIds) expect(known).toContain(id);
    }
    await writer;
  });
});
