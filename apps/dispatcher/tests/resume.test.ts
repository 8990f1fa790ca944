import { RunStatus, StepStatus } from '@agent-platform/proto';
import { describe, expect, it } from 'vitest';
import { blockedCall, never, tool } from './support/fake-mcp.ts';
import { configurationOf, URL_OF_SKILL } from './support/configuration.ts';
import { createFixture, testConfig, type Fixture } from './support/fixture.ts';

const done = { content: [{ type: 'text', text: 'done' }] };

/** As after kill -9: the lease ends with nobody to renew it. */
async function loseLease(fixture: Fixture, eventId: string): Promise<void> {
  await fixture.pool.query(
    `update runs set claimable_at = now() - interval '1 ms' where event_id = $1 and status = 'running'`,
    [eventId],
  );
}

/** Brings a run to where its tool call is sent and not answered, and lets another dispatcher take it over. */
async function takenOver(fixture: Fixture) {
  const sent = Promise.withResolvers<void>();
  fixture.mcp.onCall = () => {
    sent.resolve();
    return never();
  };
  // It never comes back: its poll and heartbeat are out of the picture.
  const dead = await fixture.start({ config: { workers: { ...testConfig.workers, pollMs: 3_600_000, drainMs: 0 } } });
  const [eventId] = await dead.deliver({});
  await sent.promise;
  fixture.mcp.onCall = () => done;
  await loseLease(fixture, eventId!);
  await fixture.start();
  return fixture.finished(eventId!);
}

describe('a run whose worker died between sending a call and recording the answer', () => {
  it('ends with an unknown outcome and is not repeated', async () => {
    await using fixture = await createFixture();
    const run = await takenOver(fixture);
    expect(run).toMatchObject({ status: RunStatus.OUTCOME_UNKNOWN, attempts: 2, error: { code: 'outcome_unknown' } });
    expect(run.steps.at(-1)).toMatchObject({ status: StepStatus.STARTED, tool: 'save', arguments: '{"id":"inv-1"}' });
    expect(fixture.mcp.calls).toHaveLength(1);
  });

  it.each([
    ['its tool is read-only', { annotations: { readOnlyHint: true } }, {}],
    ['its tool is idempotent', { annotations: { idempotentHint: true } }, {}],
    ['its skill only reads', {}, { readOnly: true }],
  ])('is repeated with the same key when %s', async (_name, more, skill) => {
    await using fixture = await createFixture(configurationOf({ skill }));
    fixture.mcp.tools = { [URL_OF_SKILL]: [tool('save', more)] };
    const run = await takenOver(fixture);
    expect(run).toMatchObject({ status: RunStatus.SUCCEEDED, attempts: 2 });
    expect(run.steps.map(({ status }) => status)).toEqual([
      StepStatus.SUCCEEDED,
      StepStatus.FAILED,
      StepStatus.SUCCEEDED,
    ]);
    expect(run.steps[1]!.error).toMatchObject({ code: 'interrupted' });
    expect(fixture.mcp.calls.map(({ idempotencyKey }) => idempotencyKey)).toEqual(Array(2).fill(`${run.id}:call`));
    expect(fixture.mcp.lists).toHaveLength(1);
  });
});

describe('a dispatcher that stops', () => {
  it('lets a call end that ends in time', async () => {
    await using fixture = await createFixture();
    const { onCall, started, answer } = blockedCall();
    fixture.mcp.onCall = onCall;
    const dispatcher = await fixture.start({ config: { workers: { ...testConfig.workers, drainMs: 10_000 } } });
    const [eventId] = await dispatcher.deliver({});
    await started;
    const stopped = dispatcher[Symbol.asyncDispose]();
    answer(done);
    await stopped;
    await fixture.start();
    expect(await fixture.finished(eventId!)).toMatchObject({ status: RunStatus.SUCCEEDED, attempts: 1 });
  });

  it('hands back a run it cannot end, at once and uncounted, when its call may be repeated', async () => {
    await using fixture = await createFixture(configurationOf({ skill: { readOnly: true } }));
    const { onCall, started } = blockedCall();
    fixture.mcp.onCall = onCall;
    const dispatcher = await fixture.start();
    const [eventId] = await dispatcher.deliver({});
    await started;
    await dispatcher[Symbol.asyncDispose]();
    const { rows } = await fixture.pool.query('select status, claimable_at <= now() as due from runs');
    expect(rows).toEqual([{ status: 'queued', due: true }]);
    fixture.mcp.onCall = () => done;
    await fixture.start({ config: { retry: { ...testConfig.retry, maxAttempts: 1 } } });
    expect(await fixture.finished(eventId!)).toMatchObject({ status: RunStatus.SUCCEEDED, attempts: 2 });
  });

  it('says that the outcome is unknown when it had to cut off a call that may not be repeated', async () => {
    await using fixture = await createFixture();
    const { onCall, started } = blockedCall();
    fixture.mcp.onCall = onCall;
    const dispatcher = await fixture.start();
    const [eventId] = await dispatcher.deliver({});
    await started;
    await dispatcher[Symbol.asyncDispose]();
    await fixture.start();
    expect(await fixture.finished(eventId!)).toMatchObject({ status: RunStatus.OUTCOME_UNKNOWN, attempts: 1 });
    expect(fixture.mcp.calls).toHaveLength(1);
  });
});
