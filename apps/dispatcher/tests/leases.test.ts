import { RunStatus } from '@agent-platform/proto';
import { describe, expect, it } from 'vitest';
import { blockedCall } from './support/fake-mcp.ts';
import { configurationOf } from './support/configuration.ts';
import { createFixture, testConfig } from './support/fixture.ts';

const done = { content: [{ type: 'text', text: 'done' }] };

describe('leases', () => {
  it('keep any number of dispatchers from running a run twice', async () => {
    await using fixture = await createFixture();
    const workers = { ...testConfig.workers, concurrency: 4, pollMs: 5 };
    const start = () => fixture.start({ config: { workers } });
    const dispatchers = [await start(), await start(), await start()];
    const batches = Array.from({ length: 30 }, (_, batch) =>
      Array.from({ length: 10 }, (_, index) => ({ payload: JSON.stringify({ invoice_id: `${batch}-${index}` }) })),
    );
    await Promise.all(batches.map((batch, index) => dispatchers[index % 3]!.deliver(...batch)));
    await expect
      .poll(async () => (await fixture.pool.query(`select 1 from runs where status = 'succeeded'`)).rowCount, {
        timeout: 20_000,
      })
      .toBe(300);
    expect(new Set(fixture.mcp.calls.map((call) => call.arguments['id'])).size).toBe(300);
    expect(fixture.mcp.calls).toHaveLength(300);
    const { rows } = await fixture.pool.query('select max(attempts) as attempts, max(epoch) as epoch from runs');
    expect(rows).toEqual([{ attempts: 1, epoch: 1 }]);
  });

  it('last as long as the run, by heartbeat', async () => {
    await using fixture = await createFixture();
    const { onCall, started, answer } = blockedCall();
    fixture.mcp.onCall = onCall;
    const workers = { ...testConfig.workers, leaseMs: 400, heartbeatMs: 50, pollMs: 20 };
    const dispatcher = await fixture.start({ config: { workers } });
    await fixture.start({ config: { workers } });
    const [eventId] = await dispatcher.deliver({});
    await started;
    const leaseEnd = async () =>
      (await fixture.pool.query<{ end: string }>('select claimable_at as end from runs')).rows[0]!.end;
    const first = await leaseEnd();
    // Renewed well beyond the first lease, with another dispatcher looking for something to take over.
    await expect.poll(async () => Number(await leaseEnd()) - Number(first)).toBeGreaterThan(800);
    answer(done);
    expect(await fixture.finished(eventId!)).toMatchObject({ status: RunStatus.SUCCEEDED, attempts: 1 });
  });

  it('end without heartbeat: another dispatcher takes over, and the paused one writes nothing', async () => {
    await using fixture = await createFixture(configurationOf({ skill: { readOnly: true } }));
    const paused = blockedCall();
    const successor = blockedCall();
    fixture.mcp.onCall = (call, index) => (index === 0 ? paused : successor).onCall(call, index);
    // A process that is stopped has no timers: it neither renews nor notices.
    const stopped = await fixture.start({
      config: { workers: { ...testConfig.workers, leaseMs: 200, heartbeatMs: 3_600_000, pollMs: 3_600_000 } },
    });
    const [eventId] = await stopped.deliver({});
    await paused.started;
    await fixture.start();
    await successor.started;
    paused.answer({ content: [{ type: 'text', text: 'from the paused one' }] });
    // Its disposal waits for its run to unwind, so everything it would write is written by then.
    await stopped[Symbol.asyncDispose]();
    const before = await fixture.pool.query(
      `select status, epoch, (select count(*)::int from steps) as steps from runs`,
    );
    expect(before.rows).toEqual([{ status: 'running', epoch: 2, steps: 3 }]);
    successor.answer(done);
    const run = await fixture.finished(eventId!);
    expect(run).toMatchObject({ status: RunStatus.SUCCEEDED, attempts: 2 });
    const { rows } = await fixture.pool.query<{ text: string }>('select steps::text as text from steps');
    expect(rows.map(({ text }) => text).join()).not.toContain('from the paused one');
  });

  it('that were lost stop the call that is under way', async () => {
    await using fixture = await createFixture();
    const { onCall, started } = blockedCall();
    let aborted = false;
    fixture.mcp.onCall = (call, index) => {
      call.signal!.addEventListener('abort', () => (aborted = true));
      return onCall(call, index);
    };
    const workers = { ...testConfig.workers, heartbeatMs: 20, pollMs: 3_600_000 };
    const dispatcher = await fixture.start({ config: { workers } });
    await dispatcher.deliver({});
    await started;
    await fixture.pool.query('update runs set epoch = epoch + 1');
    await expect.poll(() => aborted).toBe(true);
    await dispatcher[Symbol.asyncDispose]();
    expect((await fixture.pool.query('select status from runs')).rows).toEqual([{ status: 'running' }]);
  });
});
