import { RetryPolicySchema, RunStatus, StepKind, StepStatus } from '@agent-platform/proto';
import { create } from '@bufbuild/protobuf';
import { describe, expect, it, vi } from 'vitest';
import { readDispatcherConfig } from '../src/index.ts';
import { mcpFault, tool } from './support/fake-mcp.ts';
import { configurationOf, URL_OF_SKILL } from './support/configuration.ts';
import { createFixture, down, testConfig, type Fixture } from './support/fixture.ts';

async function runOf(fixture: Fixture) {
  const dispatcher = await fixture.start();
  const [eventId] = await dispatcher.deliver({});
  return fixture.finished(eventId!);
}

const done = { content: [{ type: 'text', text: 'done' }] };

describe('a call that fails', () => {
  it.each([
    ['the server cannot be reached', mcpFault.unreachable],
    ['the server answers 503', mcpFault.server],
  ])('is made again when %s, with the same idempotency key and a fresh credential', async (_name, fault) => {
    await using fixture = await createFixture();
    fixture.mcp.onCall = (_call, index) => {
      fixture.credential = { authorization: `Bearer sk-rotated-${index}-of-the-skill` };
      if (index < 2) throw fault();
      return done;
    };
    const run = await runOf(fixture);
    expect(run).toMatchObject({ status: RunStatus.SUCCEEDED, attempts: 3 });
    expect(run.error).toBeUndefined();
    expect(run.steps.map(({ kind, status }) => [kind, status])).toEqual([
      [StepKind.TOOLS_LIST, StepStatus.SUCCEEDED],
      [StepKind.TOOL_CALL, StepStatus.FAILED],
      [StepKind.TOOL_CALL, StepStatus.FAILED],
      [StepKind.TOOL_CALL, StepStatus.SUCCEEDED],
    ]);
    expect(new Set(fixture.mcp.calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    expect(fixture.mcp.calls.map(({ server }) => server.headers['authorization'])).toEqual([
      'Bearer sk-secret-of-the-skill',
      'Bearer sk-rotated-0-of-the-skill',
      'Bearer sk-rotated-1-of-the-skill',
    ]);
  });

  it('is given up after five attempts, and says so', async () => {
    await using fixture = await createFixture();
    fixture.mcp.onCall = () => {
      throw mcpFault.server();
    };
    const run = await runOf(fixture);
    expect(run).toMatchObject({ status: RunStatus.FAILED, error: { code: 'server_error' } });
    expect(run.error!.message).toContain('Tried 5 times');
    expect(fixture.mcp.calls).toHaveLength(5);
  });

  it('is not made again before the server wants it', async () => {
    await using fixture = await createFixture();
    fixture.mcp.onCall = () => {
      throw mcpFault.server(600_000);
    };
    const dispatcher = await fixture.start();
    const [eventId] = await dispatcher.deliver({});
    await expect
      .poll(async () => (await fixture.runs.listRuns({ eventId: eventId! })).runs[0]?.nextAttemptAt)
      .toBeDefined();
    const [run] = (await fixture.runs.listRuns({ eventId: eventId! })).runs;
    expect(run).toMatchObject({ status: RunStatus.QUEUED, error: { code: 'server_error' } });
    expect(Number(run!.nextAttemptAt!.seconds) - Number(run!.startedAt!.seconds)).toBeGreaterThanOrEqual(599);
    expect(fixture.mcp.calls).toHaveLength(1);
  });

  it('is made again as often and as long as its skill says, and the run shows what is left', async () => {
    const retry = create(RetryPolicySchema, {
      maxAttempts: 3,
      totalTime: { seconds: 600n },
      initialBackoff: { seconds: 60n },
    });
    await using fixture = await createFixture(configurationOf({ skill: { retry } }));
    fixture.mcp.onCall = () => {
      throw mcpFault.server();
    };
    const dispatcher = await fixture.start();
    const [eventId] = await dispatcher.deliver({});
    const waiting = async () => {
      const [run] = (await fixture.runs.listRuns({ eventId: eventId! })).runs;
      if (run?.attemptsLeft === undefined) throw new Error('not tried yet');
      return run;
    };
    const run = await vi.waitFor(waiting);
    expect(run).toMatchObject({ status: RunStatus.QUEUED, attempts: 1, attemptsLeft: 2 });
    expect(Number(run.givesUpAt!.seconds) - Number(run.startedAt!.seconds)).toBeGreaterThanOrEqual(599);
    expect(Number(run.nextAttemptAt!.seconds) - Number(run.startedAt!.seconds)).toBeGreaterThanOrEqual(10);
    for (const left of [1, undefined]) {
      await fixture.pool.query(`update runs set claimable_at = now() where status = 'queued'`);
      if (left) await expect.poll(async () => (await waiting()).attemptsLeft).toBe(left);
    }
    const ended = await fixture.finished(eventId!);
    expect(ended).toMatchObject({ status: RunStatus.FAILED, attempts: 3, error: { code: 'server_error' } });
    expect([ended.attemptsLeft, ended.givesUpAt]).toEqual([undefined, undefined]);
  });

  it('is made again for a quarter of an hour by default, and given up after that', async () => {
    const { retry } = readDispatcherConfig({});
    await using fixture = await createFixture();
    fixture.mcp.onCall = () => {
      throw mcpFault.server();
    };
    const dispatcher = await fixture.start({ config: { retry: { ...retry, baseMs: 600_000, maxMs: 600_000 } } });
    const [eventId] = await dispatcher.deliver({});
    const [{ givesUpAt, startedAt } = {}] = await vi.waitFor(async () => {
      const { runs } = await fixture.runs.listRuns({ eventId: eventId! });
      if (!runs[0]?.givesUpAt) throw new Error('not tried yet');
      return runs;
    });
    expect(Number(givesUpAt!.seconds) - Number(startedAt!.seconds)).toBeGreaterThanOrEqual(899);
    await fixture.pool.query(
      `update steps set started_at = started_at - interval '16 min', finished_at = finished_at - interval '16 min'`,
    );
    await fixture.pool.query(`update runs set claimable_at = now()`);
    expect((await fixture.finished(eventId!)).error!.message).toContain('Tried 2 times');
  });

  it('fails the run at once when the server refuses the credential, after one call', async () => {
    await using fixture = await createFixture();
    fixture.mcp.onCall = () => {
      throw mcpFault.refused();
    };
    const run = await runOf(fixture);
    expect(run).toMatchObject({ status: RunStatus.FAILED, attempts: 1, error: { code: 'credential_refused' } });
    expect(run.error!.message).toContain('not tried again');
    expect(fixture.mcp.calls).toHaveLength(1);
  });

  it('fails the run at once when the credential is refused for the list of tools', async () => {
    await using fixture = await createFixture();
    fixture.mcp.onList = () => {
      throw mcpFault.refused();
    };
    const run = await runOf(fixture);
    expect(run).toMatchObject({ status: RunStatus.FAILED, attempts: 1, error: { code: 'credential_refused' } });
    expect(run.steps).toMatchObject([{ kind: StepKind.TOOLS_LIST, status: StepStatus.FAILED }]);
    expect(fixture.mcp.lists).toHaveLength(1);
    expect(fixture.mcp.calls).toEqual([]);
  });

  it('is not repeated when it may have been done and the tool cannot bear it twice', async () => {
    await using fixture = await createFixture();
    fixture.mcp.onCall = () => {
      throw mcpFault.timeout();
    };
    const run = await runOf(fixture);
    expect(run).toMatchObject({ status: RunStatus.OUTCOME_UNKNOWN, attempts: 1, error: { code: 'outcome_unknown' } });
    expect(fixture.mcp.calls).toHaveLength(1);
  });

  it.each([{ readOnlyHint: true }, { idempotentHint: true }])(
    'is repeated when the tool says %o',
    async (annotations) => {
      await using fixture = await createFixture();
      fixture.mcp.tools = { [URL_OF_SKILL]: [tool('save', { annotations })] };
      fixture.mcp.onCall = (_call, index) => {
        if (index === 0) throw mcpFault.broken();
        return done;
      };
      expect(await runOf(fixture)).toMatchObject({ status: RunStatus.SUCCEEDED, attempts: 2 });
    },
  );

  it('is final when the server answers with a JSON-RPC error', async () => {
    await using fixture = await createFixture();
    fixture.mcp.onCall = () => {
      throw mcpFault.rpc();
    };
    expect(await runOf(fixture)).toMatchObject({ status: RunStatus.FAILED, error: { code: 'rpc_error' } });
    expect(fixture.mcp.calls).toHaveLength(1);
  });

  it('waits for token-service as long as it takes: its outage is no failure of the run', async () => {
    await using fixture = await createFixture();
    fixture.credential = down('token-service');
    const dispatcher = await fixture.start({ config: { retry: { ...testConfig.retry, maxAttempts: 2 } } });
    const [eventId] = await dispatcher.deliver({});
    await expect.poll(() => fixture.resolved.length).toBeGreaterThan(4);
    const [run] = (await fixture.runs.listRuns({ eventId: eventId! })).runs;
    expect(run!.error).toMatchObject({ code: 'credential_unavailable' });
    expect(fixture.mcp.lists).toEqual([]);
    fixture.credential = {};
    expect(await fixture.finished(eventId!)).toMatchObject({ status: RunStatus.SUCCEEDED });
  });
});
