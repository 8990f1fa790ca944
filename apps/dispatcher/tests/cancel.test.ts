import { RunStatus, StepStatus } from '@agent-platform/proto';
import { startModelServer } from '@agent-platform/testing';
import { describe, expect, it } from 'vitest';
import { configurationOf } from './support/configuration.ts';
import { blockedCall, mcpFault, never } from './support/fake-mcp.ts';
import { containing, createFixture, testConfig, type Fixture } from './support/fixture.ts';

const done = { content: [{ type: 'text', text: 'done' }] };
const quick = { ...testConfig.workers, heartbeatMs: 20 };

/** Only its own writes can tell it. */
const deaf = { ...testConfig.workers, heartbeatMs: 3_600_000 };

/** A run whose call is under way. */
async function calling(fixture: Fixture, workers = quick) {
  const { onCall, started, answer } = blockedCall();
  fixture.mcp.onCall = onCall;
  const dispatcher = await fixture.start({ config: { workers } });
  const [eventId] = await dispatcher.deliver({});
  await started;
  const { runs } = await fixture.runs.listRuns({ eventId: eventId! });
  return { id: runs[0]!.id, answer };
}

describe('cancelling', () => {
  it('ends a run that waits at once', async () => {
    await using fixture = await createFixture();
    fixture.mcp.onCall = () => {
      throw mcpFault.server(600_000);
    };
    const [eventId] = await (await fixture.start()).deliver({});
    await expect.poll(() => fixture.mcp.calls.length).toBe(1);
    const { id } = (await fixture.runs.listRuns({ eventId: eventId! })).runs[0]!;
    await fixture.reached(id, RunStatus.QUEUED);
    const { run } = await fixture.runs.cancelRun({ run: id });
    expect(run).toMatchObject({ status: RunStatus.CANCELLED, cancelRequestedBy: 'tester' });
    expect(run!.finishedAt).toBeDefined();
    await fixture.pool.query('update runs set claimable_at = now()');
    expect(await fixture.reached(id, RunStatus.CANCELLED)).toMatchObject({ attempts: 1 });
  });

  it('cuts off a call that may be repeated', async () => {
    await using fixture = await createFixture(configurationOf({ skill: { readOnly: true } }));
    const { id } = await calling(fixture);
    const { run } = await fixture.runs.cancelRun({ run: id });
    expect(run).toMatchObject({ status: RunStatus.RUNNING, cancelRequestedBy: 'tester' });
    const ended = await fixture.reached(id, RunStatus.CANCELLED);
    expect(ended.steps.at(-1)).toMatchObject({ status: StepStatus.FAILED, error: { code: 'cancelled' } });
    expect(fixture.mcp.calls).toHaveLength(1);
  });

  it('waits for the answer to a call that may not be repeated, and records it', async () => {
    await using fixture = await createFixture();
    const { id, answer } = await calling(fixture);
    await fixture.runs.cancelRun({ run: id });
    const renewed = async () => {
      const { rows } = await fixture.pool.query<{ end: Date }>('select claimable_at as end from runs');
      return Number(rows[0]!.end);
    };
    // Two heartbeats: the worker knows by now.
    const before = await renewed();
    await expect.poll(renewed).toBeGreaterThan(before);
    const known = await renewed();
    await expect.poll(renewed).toBeGreaterThan(known);
    expect(fixture.mcp.calls[0]!.signal!.aborted).toBe(false);
    answer(done);
    const run = await fixture.reached(id, RunStatus.CANCELLED);
    expect(run.steps.at(-1)).toMatchObject({ status: StepStatus.SUCCEEDED });
  });

  it('keeps a run from being tried again', async () => {
    await using fixture = await createFixture();
    const failing = Promise.withResolvers<never>();
    const started = Promise.withResolvers<void>();
    fixture.mcp.onCall = () => {
      started.resolve();
      return failing.promise;
    };
    const [eventId] = await (await fixture.start({ config: { workers: deaf } })).deliver({});
    await started.promise;
    const { id } = (await fixture.runs.listRuns({ eventId: eventId! })).runs[0]!;
    await fixture.runs.cancelRun({ run: id });
    failing.reject(mcpFault.server());
    const run = await fixture.reached(id, RunStatus.CANCELLED);
    expect(run).toMatchObject({ error: { code: 'server_error' } });
    expect(run.finishedAt).toBeDefined();
    expect(fixture.mcp.calls).toHaveLength(1);
  });

  it('does not hide that the outcome of a call is not known', async () => {
    await using fixture = await createFixture();
    const failing = Promise.withResolvers<never>();
    const started = Promise.withResolvers<void>();
    fixture.mcp.onCall = () => {
      started.resolve();
      return failing.promise;
    };
    const [eventId] = await (await fixture.start({ config: { workers: quick } })).deliver({});
    await started.promise;
    const { id } = (await fixture.runs.listRuns({ eventId: eventId! })).runs[0]!;
    await fixture.runs.cancelRun({ run: id });
    failing.reject(mcpFault.timeout());
    await fixture.reached(id, RunStatus.OUTCOME_UNKNOWN);
    await expect(fixture.runs.cancelRun({ run: id })).rejects.toMatchObject({
      kind: 'failed_precondition',
      message: containing('is outcome_unknown'),
    });
  });

  it('stops a prompt before its next step, known with the next write', async () => {
    await using server = await startModelServer([
      { toolCalls: [{ name: 'save', arguments: {} }] },
      { text: 'never asked for' },
    ]);
    const trigger = { action: { case: 'promptTemplate' as const, value: 'Save it.' } };
    await using fixture = await createFixture(configurationOf({ trigger, agent: { model: 'openai/m' } }));
    const { onCall, started, answer } = blockedCall();
    fixture.mcp.onCall = onCall;
    const models = { ...testConfig.models, openai: { baseUrl: server.openaiUrl, apiKey: 'sk-openai-secret' } };
    const [eventId] = await (await fixture.start({ config: { models, workers: deaf } })).deliver({});
    await started;
    const { id } = (await fixture.runs.listRuns({ eventId: eventId! })).runs[0]!;
    await fixture.runs.cancelRun({ run: id });
    answer(done);
    const run = await fixture.reached(id, RunStatus.CANCELLED);
    expect(run.steps.map(({ status }) => status)).toEqual(Array(3).fill(StepStatus.SUCCEEDED));
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['cancelled, when it may be repeated', true, RunStatus.CANCELLED],
    ['shown as unknown, when it may not', false, RunStatus.OUTCOME_UNKNOWN],
  ])('holds when the worker dies: a call under way is %s', async (_name, readOnly, status) => {
    await using fixture = await createFixture(configurationOf({ skill: { readOnly } }));
    const sent = Promise.withResolvers<void>();
    fixture.mcp.onCall = () => {
      sent.resolve();
      return never();
    };
    const workers = { ...deaf, pollMs: 3_600_000, drainMs: 0 };
    const [eventId] = await (await fixture.start({ config: { workers } })).deliver({});
    await sent.promise;
    const { id } = (await fixture.runs.listRuns({ eventId: eventId! })).runs[0]!;
    await fixture.runs.cancelRun({ run: id });
    await fixture.pool.query(`update runs set claimable_at = now() - interval '1 ms'`);
    await fixture.start();
    await fixture.reached(id, status);
    expect(fixture.mcp.calls).toHaveLength(1);
  });

  it('may be repeated, and is refused once a run has ended otherwise', async () => {
    await using fixture = await createFixture();
    const { id, answer } = await calling(fixture, deaf);
    const first = (await fixture.runs.cancelRun({ run: id })).run!;
    expect((await fixture.runs.cancelRun({ run: id })).run!.cancelRequestedAt).toEqual(first.cancelRequestedAt);
    answer(done);
    await fixture.reached(id, RunStatus.CANCELLED);
    expect((await fixture.runs.cancelRun({ run: id })).run!.status).toBe(RunStatus.CANCELLED);
    fixture.mcp.onCall = () => done;
    const [eventId] = await (await fixture.start()).deliver({});
    const run = await fixture.finished(eventId!);
    await expect(fixture.runs.cancelRun({ run: run.id })).rejects.toMatchObject({
      kind: 'failed_precondition',
      message: containing('is succeeded'),
    });
    const other = fixture.as('org_other').runs;
    await expect(other.cancelRun({ run: id })).rejects.toMatchObject({ kind: 'not_found' });
  });
});
