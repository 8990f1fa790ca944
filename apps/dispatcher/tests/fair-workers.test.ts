import { RunStatus } from '@agent-platform/proto';
import { describe, expect, it } from 'vitest';
import type { ConfigurationSource } from '../src/configuration/configuration-cache.ts';
import { configurationOf, ORG, type Configured } from './support/configuration.ts';
import { containing, createFixture, testConfig, type Fixture } from './support/fixture.ts';

/** A trigger for events of each type. */
const configuration: Configured = {
  ...configurationOf(),
  triggers: ['slow', 'quick'].flatMap((name) => {
    const value = { tool: 'save', arguments: '{"id":"{{ .payload.id }}"}' };
    const trigger = { id: `trg_${name}`, name, eventType: name, action: { case: 'toolCall', value } as const };
    return configurationOf({ trigger }).triggers;
  }),
};

/** Every tenant has the same configuration. */
async function start(fixture: Fixture, workers: { concurrency: number; maxOfTenant: number }) {
  const configuration: ConfigurationSource = {
    getConfiguration: (request, o) => fixture.source.getConfiguration({ ...request, orgId: ORG }, o),
    getResources: (request, o) => fixture.source.getResources({ ...request, orgId: ORG }, o),
  };
  return fixture.start({ config: { workers: { ...testConfig.workers, ...workers } }, deps: { configuration } });
}

const events = (count: number, over: { orgId: string; type: string; id?: string }) =>
  Array.from({ length: count }, (_, n) => ({
    orgId: over.orgId,
    type: over.type,
    payload: JSON.stringify({ id: over.id ?? `${over.type} ${n}` }),
  }));

/** Servers that never answer, except for calls with the id `urgent`. */
function hang(fixture: Fixture): void {
  fixture.mcp.onCall = (call) => (call.arguments['id'] === 'urgent' ? {} : new Promise(() => undefined));
}

const ids = (fixture: Fixture) => fixture.mcp.calls.map((call) => call.arguments['id']);

describe('a tenant whose runs all hang', () => {
  it('does not keep another from running', async () => {
    await using fixture = await createFixture(configuration);
    hang(fixture);
    const dispatcher = await start(fixture, { concurrency: 10, maxOfTenant: 1_000 });
    await dispatcher.deliver(
      ...events(300, { orgId: 'org_a', type: 'slow' }),
      ...events(300, { orgId: 'org_a', type: 'quick' }),
    );
    await expect.poll(() => fixture.mcp.calls.length).toBe(7);
    await dispatcher.deliver(...events(1, { orgId: 'org_b', type: 'slow', id: 'urgent' }));
    await expect.poll(() => ids(fixture)).toContain('urgent');
  });

  it('does not keep its own other triggers from running, if they all are of one', async () => {
    await using fixture = await createFixture(configuration);
    hang(fixture);
    const dispatcher = await start(fixture, { concurrency: 10, maxOfTenant: 1_000 });
    await dispatcher.deliver(...events(300, { orgId: 'org_a', type: 'slow' }));
    await expect.poll(() => fixture.mcp.calls.length).toBe(7);
    await dispatcher.deliver(...events(20, { orgId: 'org_a', type: 'quick', id: 'urgent' }));
    await expect.poll(() => ids(fixture).filter((id) => id === 'urgent').length).toBe(20);
  });
});

it('a tenant has no more runs running than it may, in any number of dispatchers, and all of them in the end', async () => {
  await using fixture = await createFixture(configuration);
  let running = 0;
  let most = 0;
  const releases: (() => void)[] = [];
  fixture.mcp.onCall = async () => {
    most = Math.max(most, ++running);
    const { promise, resolve } = Promise.withResolvers<void>();
    releases.push(resolve);
    await promise;
    running--;
    return {};
  };
  const dispatchers = [
    await start(fixture, { concurrency: 20, maxOfTenant: 6 }),
    await start(fixture, { concurrency: 20, maxOfTenant: 6 }),
  ];
  await Promise.all(
    dispatchers.map((dispatcher, n) =>
      dispatcher.deliver(...events(25, { orgId: 'org_a', type: n === 0 ? 'slow' : 'quick' })),
    ),
  );
  // Two triggers have five of the six places: the last one is for a third.
  await expect.poll(() => running).toBe(5);
  const timer = setInterval(() => releases.splice(0).forEach((release) => release()), 1);
  await using _ = { [Symbol.asyncDispose]: async () => clearInterval(timer) };
  await expect
    .poll(async () => (await fixture.pool.query(`select from runs where status = 'succeeded'`)).rowCount, {
      timeout: 20_000,
    })
    .toBe(50);
  expect(most).toBe(5);
  expect(fixture.mcp.calls).toHaveLength(50);
});

it('a run that waits because of the limit says so, and is no error', async () => {
  await using fixture = await createFixture(configuration);
  hang(fixture);
  const dispatcher = await start(fixture, { concurrency: 20, maxOfTenant: 1 });
  const [first] = await dispatcher.deliver(...events(1, { orgId: ORG, type: 'slow' }));
  await expect.poll(() => fixture.mcp.calls.length).toBe(1);
  const [second] = await dispatcher.deliver(...events(1, { orgId: ORG, type: 'quick' }));
  const runOf = async (eventId: string) => {
    const { runs } = await fixture.runs.listRuns({ eventId });
    return (await fixture.runs.getRun({ run: runs[0]!.id })).run!;
  };
  expect(await runOf(first!)).toMatchObject({ status: RunStatus.RUNNING, warnings: [] });
  const waiting = await runOf(second!);
  expect([waiting.status, waiting.error]).toEqual([RunStatus.QUEUED, undefined]);
  expect(waiting.warnings).toEqual([containing('1 runs of the organization are running')]);
});
