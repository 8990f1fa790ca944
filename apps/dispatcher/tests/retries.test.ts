import { RunStatus, StepKind, StepStatus } from '@agent-platform/proto';
import { describe, expect, it } from 'vitest';
import { mcpFault, tool } from './support/fake-mcp.ts';
import { URL_OF_SKILL } from './support/configuration.ts';
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
