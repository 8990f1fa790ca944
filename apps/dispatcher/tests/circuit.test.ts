import { RunStatus } from '@agent-platform/proto';
import { createMetrics } from '@agent-platform/telemetry';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { expect, it } from 'vitest';
import { mcpFault } from './support/fake-mcp.ts';
import { containing, createFixture, testConfig, type Fixture } from './support/fixture.ts';

const done = { content: [{ type: 'text', text: 'done' }] };
const circuit = { failures: 3, windowMs: 60_000, cooldownMs: 600_000 };

/** Three runs have failed for good; the circuit is open. */
async function opened(fixture: Fixture, config = circuit) {
  fixture.mcp.onCall = () => {
    throw mcpFault.server();
  };
  const metrics = createMetrics();
  const retry = { ...testConfig.retry, maxAttempts: 1 };
  const dispatcher = await fixture.start({ config: { circuit: config, retry }, deps: { metrics } });
  for (let i = 0; i < 3; i++) {
    const [eventId] = await dispatcher.deliver({});
    expect(await fixture.finished(eventId!)).toMatchObject({ status: RunStatus.FAILED });
  }
  return { dispatcher, metrics };
}

it('a run waits while its skill keeps failing, without a call and without using up its attempts', async () => {
  await using fixture = await createFixture();
  const { dispatcher, metrics } = await opened(fixture);
  const [eventId] = await dispatcher.deliver({});
  const { id } = (await fixture.runs.listRuns({ eventId: eventId! })).runs[0]!;
  await expect
    .poll(async () => (await fixture.runs.getRun({ run: id })).run!.error)
    .toMatchObject({ code: 'circuit_open', message: containing('failed 3 times in a row') });
  const { run } = await fixture.runs.getRun({ run: id });
  expect(run).toMatchObject({ status: RunStatus.QUEUED, attempts: 0, steps: [] });
  expect(Number(run!.nextAttemptAt!.seconds) - Number(run!.startedAt!.seconds)).toBeGreaterThan(590);
  expect(fixture.mcp.calls).toHaveLength(3);
  const { body } = await metrics.expose();
  expect(body).toMatch(/dispatcher_circuits_open 1/);
  expect(body).toMatch(/dispatcher_circuits_opened_total 1/);
});

it('runs go on when the server answers again', async () => {
  await using fixture = await createFixture();
  const { dispatcher, metrics } = await opened(fixture, { ...circuit, cooldownMs: 200 });
  fixture.mcp.onCall = () => done;
  const eventIds = await dispatcher.deliver({}, {}, {}, {});
  for (const eventId of eventIds) {
    const run = await fixture.finished(eventId);
    expect(run).toMatchObject({ status: RunStatus.SUCCEEDED, attempts: 1 });
    expect(run.error).toBeUndefined();
  }
  expect((await metrics.expose()).body).toMatch(/dispatcher_circuits_open 0/);
});

it('a run that waits goes on from its journal', async () => {
  await using fixture = await createFixture();
  fixture.mcp.onCall = () => {
    throw mcpFault.server();
  };
  const retry = { ...testConfig.retry, maxAttempts: 20, baseMs: 1, maxMs: 1 };
  const dispatcher = await fixture.start({ config: { circuit: { ...circuit, cooldownMs: 50 }, retry } });
  const [eventId] = await dispatcher.deliver({});
  // Three calls open the circuit; each one after them is a probe.
  await expect.poll(() => fixture.mcp.calls.length).toBeGreaterThan(4);
  fixture.mcp.onCall = () => done;
  const run = await fixture.finished(eventId!);
  expect(run.status).toBe(RunStatus.SUCCEEDED);
  // One list of tools, and each attempt at the call once: nothing was forgotten while it waited.
  expect(run.steps.map(({ attempt }) => attempt)).toEqual([1, ...run.steps.slice(1).map((_, index) => index + 1)]);
  expect(run.attempts).toBe(run.steps.length - 1);
});

it('a run that waits after a failed call says how many attempts are left, and until when', async () => {
  await using fixture = await createFixture();
  fixture.mcp.onCall = () => {
    throw mcpFault.server();
  };
  const retry = { ...testConfig.retry, maxAttempts: 20, baseMs: 1, maxMs: 1 };
  const dispatcher = await fixture.start({ config: { circuit, retry } });
  const [eventId] = await dispatcher.deliver({});
  const waiting = async () => (await fixture.runs.listRuns({ eventId: eventId! })).runs[0]!;
  await expect.poll(async () => (await waiting()).error?.code).toBe('circuit_open');
  const run = await waiting();
  expect(run).toMatchObject({ status: RunStatus.QUEUED, attempts: 3, attemptsLeft: 17 });
  expect(timestampMs(run.givesUpAt!) - timestampMs(run.startedAt!)).toBeGreaterThanOrEqual(retry.totalMs);
});
