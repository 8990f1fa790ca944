import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFixture, type Fixture } from './fixture.ts';
import { fresh, methodsOf, resources } from './resources.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ agents: 2, skills: 2, triggers: 2, webhookSources: 2 });
});
afterAll(() => fixture[Symbol.asyncDispose]());

describe.each(resources)('the limit of a tenant on every $label', (resource) => {
  const methods = (orgId: string) => methodsOf(resource, fixture.as(orgId, resource.service));

  it("is said when it is reached, holds when many come at once, and is nobody else's", async () => {
    const orgId = fresh('org');
    const values = await resource.values(fixture, orgId);
    const attempts = await Promise.allSettled(
      Array.from({ length: 5 }, () => methods(orgId).create({ ...values, name: fresh('x') })),
    );
    const refused = attempts.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(3);
    for (const attempt of refused) {
      expect(attempt).toMatchObject({
        reason: {
          kind: 'failed_precondition',
          code: 'limit_reached',
          message: expect.stringContaining(`has 2 ${resource.label}s, which is its limit`) as string,
        },
      });
    }
    const { items } = await methods(orgId).list();
    expect(items).toHaveLength(2);
    await methods(orgId).delete(items[0]!.id);
    await methods(orgId).create({ ...values, name: fresh('x') });
    const other = fresh('org');
    await methods(other).create({ ...(await resource.values(fixture, other)), name: fresh('x') });
  });
});
