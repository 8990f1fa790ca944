import { toBinary } from '@bufbuild/protobuf';
import { timestampDate, type Timestamp } from '@bufbuild/protobuf/wkt';
import { AgentService, ListAgentsResponseSchema } from '@agent-platform/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFixture, type Fixture } from './fixture.ts';
import { fresh, methodsOf, resources } from './resources.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

describe.each(resources)('every $label', (resource) => {
  const methods = (orgId = 'org_a') => methodsOf(resource, fixture.as(orgId, resource.service));
  const make = async (orgId = 'org_a', name = fresh(resource.type.toLowerCase())) =>
    methods(orgId).create({ ...(await resource.values(fixture, orgId)), name, description: 'first' });
  const field = resource.field === 'webhookSource' ? 'webhook_source' : resource.field;

  it('is created, read by id and by name, and deleted by either', async () => {
    for (const by of ['id', 'name'] as const) {
      const created = await make();
      const values = await resource.values(fixture, 'org_a');
      delete values['webhookSource'];
      delete values['agentId'];
      expect(created).toMatchObject({ ...values, description: 'first' });
      const read = await methods().get(created[by]);
      expect({ ...read, token: undefined }).toEqual({ ...created, token: undefined });
      await methods().delete(created[by]);
      for (const reference of [created.id, created.name]) {
        await expect(methods().get(reference)).rejects.toMatchObject({
          kind: 'not_found',
          code: `${field}_not_found`,
          message: expect.stringContaining(`"${reference}"`) as string,
        });
      }
      await expect(methods().delete(created[by])).rejects.toMatchObject({ kind: 'not_found' });
    }
  });

  it('has a name of its own within its tenant', async () => {
    const first = await make();
    await expect(make('org_a', first.name)).rejects.toMatchObject({
      kind: 'already_exists',
      code: `${field}_exists`,
      message: `Another ${resource.label} is named "${first.name}"; choose another name.`,
      fields: [{ field: `${field}.name`, description: `"${first.name}" is taken` }],
    });
    const second = await make();
    await expect(methods().update({ id: second.id, name: first.name }, ['name'])).rejects.toMatchObject({
      kind: 'already_exists',
    });
    expect((await make('org_b', first.name)).id).not.toBe(first.id);
  });

  it('keeps what an update does not name, and clears what it names and leaves out', async () => {
    const created = await make();
    const renamed = fresh('renamed');
    const updated = await methods().update({ id: created.name, name: renamed, description: 'ignored' }, ['name']);
    expect(updated).toMatchObject({ id: created.id, name: renamed, description: 'first' });
    expect(await methods().get(renamed)).toEqual(updated);
    await expect(methods().get(created.name)).rejects.toMatchObject({ kind: 'not_found' });
    expect(await methods().update({ id: created.id }, ['description'])).toMatchObject({ description: '' });
  });

  it('is updated in the fields that are set when there is no mask', async () => {
    const created = await make();
    const updated = await methods().update({ ...(await methods().get(created.id)), description: 'second' });
    expect(updated).toMatchObject({ name: created.name, description: 'second' });
    expect(await methods().update({ id: created.id })).toMatchObject({ description: 'second' });
  });

  it('says when it was written', async () => {
    const created = (await make()) as unknown as Record<'createdAt' | 'updatedAt', Timestamp> & { id: string };
    expect(created.createdAt).toEqual(created.updatedAt);
    const updated = (await methods().update({ id: created.id, description: 'x' })) as unknown as typeof created;
    expect(updated.createdAt).toEqual(created.createdAt);
    expect(timestampDate(updated.updatedAt).getTime()).toBeGreaterThan(timestampDate(created.createdAt).getTime());
  });

  it('refuses masks with fields that are not there, naming all of them', async () => {
    const { id } = await make();
    await expect(methods().update({ id }, ['description', 'colour', 'description.length'])).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [
        { field: 'update_mask', description: `names "colour", which ${resource.label}s do not have` },
        { field: 'update_mask', description: `names "description.length", which ${resource.label}s do not have` },
      ],
    });
  });

  it('passes over fields that the platform fills in, in every request', async () => {
    const values = await resource.values(fixture, 'org_a');
    const created = await methods().create({ ...values, name: fresh('x'), id: 'mine', createdAt: { seconds: 1n } });
    expect(created.id).not.toBe('mine');
    const changed = { id: created.id, description: 'new', createdAt: { seconds: 1n } };
    const updated = await methods().update(changed, ['id', 'created_at', 'description']);
    expect(updated).toEqual({ ...(await methods().get(created.id)), description: 'new' });
    expect(updated).toMatchObject({ createdAt: (created as unknown as { createdAt: Timestamp }).createdAt });
  });

  it('names every field that is missing', async () => {
    const missing = await methods()
      .create({ description: 'only this' })
      .catch((error: { fields: { field: string }[] }) => error.fields.map((problem) => problem.field));
    const expected = {
      agent: ['agent.name'],
      skill: ['skill.name', 'skill.mcp_server_url'],
      trigger: ['trigger.name', 'trigger.event_type', 'trigger.webhook_source', 'trigger.agent_id', 'trigger'],
      webhook_source: ['webhook_source.name'],
    };
    expect(missing).toEqual(expected[field as keyof typeof expected]);
    const { id } = await make();
    await expect(methods().update({ description: 'whose?' })).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [{ field: `${field}.id`, description: 'is required' }],
    });
    await expect(methods().update({ id }, ['name'])).rejects.toMatchObject({
      fields: [{ field: `${field}.name`, description: 'is required' }],
    });
  });

  it("refuses text that cannot be stored, as its sender's fault", async () => {
    const values = await resource.values(fixture, 'org_a');
    await expect(methods().create({ ...values, name: fresh('x'), description: 'a\0b' })).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [{ field: `${field}.description`, description: 'must not contain the character U+0000' }],
    });
    for (const reference of ['a\0b', "' or 1=1", 'ÄÖ', 'x'.repeat(10_000)]) {
      await expect(methods().get(reference)).rejects.toMatchObject({ kind: 'not_found' });
    }
  });

  it('is listed in pages that neither skip nor repeat, whatever happens between them', async () => {
    const orgId = fresh('org');
    const created = [];
    for (let i = 0; i < 5; i++) created.push(await make(orgId));
    const ids = created.map(({ id }) => id);
    const { list } = methods(orgId);
    expect((await list()).items.map(({ id }) => id)).toEqual(ids);
    expect((await list({ pageSize: 5 })).nextPageToken).toBe('');

    const first = await list({ pageSize: 2 });
    await methods(orgId).delete(ids[1]!);
    const late = await make(orgId);
    const second = await list({ pageSize: 2, pageToken: first.nextPageToken });
    const third = await list({ pageSize: 2, pageToken: second.nextPageToken });
    const seen = [first, second, third].flatMap(({ items }) => items.map(({ id }) => id));
    expect(seen).toEqual([...ids, late.id]);
    expect(third.nextPageToken).toBe('');
  });

  it.each(['x', 'org_b', Buffer.from('evt_01h455vb4pex5vsknk084sn02q').toString('base64url'), '%00'])(
    'refuses the page token %j',
    async (pageToken) => {
      await expect(methods().list({ pageToken })).rejects.toMatchObject({
        kind: 'invalid_argument',
        fields: [{ field: 'page_token', description: expect.stringContaining('next_page_token') as string }],
      });
    },
  );

  it('loses no update when several come at once', async () => {
    const { id } = await make();
    const name = fresh('renamed');
    await Promise.all([
      methods().update({ id, name }, ['name']),
      methods().update({ id, description: 'both' }, ['description']),
    ]);
    expect(await methods().get(id)).toMatchObject({ name, description: 'both' });
  });
});

describe('a list of large agents', () => {
  it('has pages that a gRPC client takes, and all of them in the end', async () => {
    const orgId = fresh('org');
    const agents = fixture.as(orgId, AgentService);
    const instructions = '\u00fc'.repeat(100_000);
    const names = Array.from({ length: 30 }, (_, index) => `large-${index}`);
    for (const name of names) await agents.createAgent({ agent: { name, instructions } });
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await agents.listAgents({ pageSize: 1_000, pageToken });
      expect(toBinary(ListAgentsResponseSchema, page).length).toBeLessThan(4 * 1024 * 1024);
      seen.push(...page.agents.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(seen).toEqual(names);
  });
});
