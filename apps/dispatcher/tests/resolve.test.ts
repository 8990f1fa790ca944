import { ResolutionOutcome, RunStatus, StepStatus } from '@agent-platform/proto';
import { startModelServer } from '@agent-platform/testing';
import { describe, expect, it } from 'vitest';
import { configurationOf } from './support/configuration.ts';
import { mcpFault, never } from './support/fake-mcp.ts';
import { containing, createFixture, testConfig, type Fixture } from './support/fixture.ts';
import { waiting } from './support/waiting.ts';

const { SUCCEEDED, RETRY, FAILED } = ResolutionOutcome;
const done = { content: [{ type: 'text', text: 'done' }] };

/** A run whose call may or may not have taken effect. */
async function unknown(fixture: Fixture) {
  fixture.mcp.onCall = () => {
    throw mcpFault.timeout();
  };
  const dispatcher = await fixture.start();
  const [eventId] = await dispatcher.deliver({});
  const run = await fixture.finished(eventId!);
  expect(run.status).toBe(RunStatus.OUTCOME_UNKNOWN);
  fixture.mcp.onCall = () => done;
  return run;
}

describe('a run with an unknown outcome', () => {
  it('has succeeded when a person says that its call took effect, without another call', async () => {
    await using fixture = await createFixture();
    const { id, error } = await unknown(fixture);
    const { run } = await fixture.runs.resolveRun({ run: id, outcome: SUCCEEDED, note: 'booked as no. 7' });
    expect(run).toMatchObject({ status: RunStatus.SUCCEEDED, attempts: 1 });
    expect(run!.error).toBeUndefined();
    expect(run!.finishedAt).toBeDefined();
    const step = run!.steps.at(-1)!;
    expect(step.status).toBe(StepStatus.SUCCEEDED);
    expect(step.error).toBeUndefined();
    expect(JSON.stringify(step.result)).toContain('A person confirmed');
    const { resolvedAt, ...resolution } = run!.resolutions[0]!;
    expect(resolvedAt).toEqual(run!.finishedAt);
    expect(resolution).toMatchObject({ outcome: SUCCEEDED, note: 'booked as no. 7', resolvedBy: 'tester', step: 2 });
    expect(resolution.error).toMatchObject({ code: 'outcome_unknown', message: error!.message });
    expect(fixture.mcp.calls).toHaveLength(1);
  });

  it('makes its call again, with the same key, when a person wants that', async () => {
    await using fixture = await createFixture();
    const { id } = await unknown(fixture);
    await fixture.runs.resolveRun({ run: id, outcome: RETRY });
    const run = await fixture.reached(id, RunStatus.SUCCEEDED);
    expect(run.error).toBeUndefined();
    expect(fixture.mcp.calls.map(({ idempotencyKey }) => idempotencyKey)).toEqual(Array(2).fill(`${id}:call`));
    const calls = run.steps.slice(1).map(({ attempt, status, idempotencyKey }) => [attempt, status, idempotencyKey]);
    expect(calls).toEqual([
      [1, StepStatus.FAILED, `${id}:call`],
      [2, StepStatus.SUCCEEDED, `${id}:call`],
    ]);
  });

  it('can be resolved again when the repeated call has no answer either', async () => {
    await using fixture = await createFixture();
    const { id } = await unknown(fixture);
    fixture.mcp.onCall = () => {
      throw mcpFault.broken();
    };
    await fixture.runs.resolveRun({ run: id, outcome: RETRY });
    await expect.poll(() => fixture.mcp.calls.length).toBe(2);
    await fixture.reached(id, RunStatus.OUTCOME_UNKNOWN);
    const { run } = await fixture.runs.resolveRun({ run: id, outcome: SUCCEEDED });
    expect(run).toMatchObject({ status: RunStatus.SUCCEEDED, resolutions: [{ step: 2 }, { step: 3 }] });
    expect(fixture.mcp.calls).toHaveLength(2);
  });

  it('has failed when a person gives it up', async () => {
    await using fixture = await createFixture();
    const { id } = await unknown(fixture);
    const { run } = await fixture.runs.resolveRun({ run: id, outcome: FAILED, note: 'not in the ledger' });
    expect(run).toMatchObject({ status: RunStatus.FAILED, error: { code: 'resolved_as_failed' } });
    expect(run!.error!.message).toMatch(/tester.*not in the ledger/);
    expect(fixture.mcp.calls).toHaveLength(1);
  });

  it('shows the call of a worker that died as failed once it is given up', async () => {
    await using fixture = await createFixture();
    const sent = Promise.withResolvers<void>();
    fixture.mcp.onCall = () => {
      sent.resolve();
      return never();
    };
    const dead = await fixture.start({ config: { workers: { ...testConfig.workers, pollMs: 3_600_000, drainMs: 0 } } });
    const [eventId] = await dead.deliver({});
    await sent.promise;
    await fixture.pool.query(`update runs set claimable_at = now() - interval '1 ms'`);
    await fixture.start();
    const { id } = await fixture.finished(eventId!);
    const { run } = await fixture.runs.resolveRun({ run: id, outcome: FAILED });
    expect(run!.steps.at(-1)).toMatchObject({ status: StepStatus.FAILED, error: { code: 'interrupted' } });
    expect(run!.steps.at(-1)!.finishedAt).toBeDefined();
  });

  it('is resolved once by any number of people who decide the same, also at the same time', async () => {
    await using fixture = await createFixture();
    const { id } = await unknown(fixture);
    const decide = () => fixture.runs.resolveRun({ run: id, outcome: FAILED });
    const answers = await Promise.all([decide(), decide(), decide()]);
    for (const { run } of answers) expect(run!.resolutions).toHaveLength(1);
    expect((await decide()).run!.resolutions).toHaveLength(1);
    await expect(fixture.runs.resolveRun({ run: id, outcome: SUCCEEDED })).rejects.toMatchObject({
      kind: 'failed_precondition',
      code: 'run_state_wrong',
      message: containing('is failed'),
    });
  });

  it('takes the first of two different decisions that meet, and refuses the other', async () => {
    await using fixture = await createFixture();
    const { id } = await unknown(fixture);
    const other = await fixture.pool.connect();
    try {
      await other.query('begin');
      await other.query('select id from runs where id = $1 for update', [id]);
      const decisions = [FAILED, SUCCEEDED].map((outcome) => fixture.runs.resolveRun({ run: id, outcome }));
      const settled = Promise.allSettled(decisions);
      // Both have found the run undecided, and wait for its row.
      await expect.poll(() => waiting(other)).toBe(2);
      await other.query('rollback');
      const answers = await settled;
      expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const refused = answers.find((answer) => answer.status === 'rejected');
      expect(refused!.reason).toMatchObject({ kind: 'failed_precondition', code: 'run_state_wrong' });
      expect((await fixture.runs.getRun({ run: id })).run!.resolutions).toHaveLength(1);
    } finally {
      other.release();
    }
  });

  it('belongs to its tenant', async () => {
    await using fixture = await createFixture();
    const { id } = await unknown(fixture);
    const other = fixture.as('org_other').runs.resolveRun({ run: id, outcome: FAILED });
    await expect(other).rejects.toMatchObject({ kind: 'not_found', code: 'run_not_found' });
    expect((await fixture.runs.getRun({ run: id })).run!.status).toBe(RunStatus.OUTCOME_UNKNOWN);
  });
});

it('a run in any other state cannot be resolved, and the state is named', async () => {
  await using fixture = await createFixture();
  const [eventId] = await (await fixture.start()).deliver({});
  const { id } = await fixture.finished(eventId!);
  const resolving = fixture.runs.resolveRun({ run: id, outcome: RETRY });
  await expect(resolving).rejects.toMatchObject({ kind: 'failed_precondition', message: containing('is succeeded') });
  const undecided = fixture.runs.resolveRun({ run: id });
  await expect(undecided).rejects.toMatchObject({ kind: 'invalid_argument' });
});

describe('a prompt with an unknown outcome', () => {
  async function unknownPrompt() {
    await using resources = new AsyncDisposableStack();
    const script = [{ toolCalls: [{ name: 'save', arguments: { id: 'inv-1' } }] }, { text: 'All done.' }];
    const server = resources.use(await startModelServer(script));
    const trigger = { action: { case: 'promptTemplate' as const, value: 'Save it.' } };
    const agent = { model: 'openai/test-model' };
    const fixture = resources.use(await createFixture(configurationOf({ trigger, agent })));
    fixture.mcp.onCall = () => {
      throw mcpFault.timeout();
    };
    const openai = { baseUrl: server.openaiUrl, apiKey: 'sk-openai-secret' };
    const dispatcher = await fixture.start({ config: { models: { ...testConfig.models, openai } } });
    const [eventId] = await dispatcher.deliver({});
    const { id, status } = await fixture.finished(eventId!);
    expect(status).toBe(RunStatus.OUTCOME_UNKNOWN);
    fixture.mcp.onCall = () => done;
    const owned = resources.move();
    return { fixture, server, id, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }

  it('goes on after a call that took effect, and the model is told that a person said so', async () => {
    await using t = await unknownPrompt();
    const { run } = await t.fixture.runs.resolveRun({ run: t.id, outcome: SUCCEEDED, note: 'booked as no. 7' });
    expect(run!.resolutions).toHaveLength(1);
    expect(await t.fixture.reached(t.id, RunStatus.SUCCEEDED)).toMatchObject({ output: 'All done.' });
    expect(t.fixture.mcp.calls).toHaveLength(1);
    expect(t.server.requests).toHaveLength(2);
    expect(JSON.stringify(t.server.requests[1]!.body['messages'])).toMatch(/A person confirmed.*booked as no. 7/);
  });

  it('makes its call again when a person wants that, and goes on', async () => {
    await using t = await unknownPrompt();
    await t.fixture.runs.resolveRun({ run: t.id, outcome: RETRY });
    await t.fixture.reached(t.id, RunStatus.SUCCEEDED);
    const keys = t.fixture.mcp.calls.map(({ idempotencyKey }) => idempotencyKey);
    expect(keys).toEqual(Array(2).fill(`${t.id}:turn:1:call:1`));
    expect(JSON.stringify(t.server.requests[1]!.body['messages'])).toContain('done');
  });
});
