import { createMetrics } from '@agent-platform/telemetry';
import { expect, it } from 'vitest';
import { measureQueue, MOST_MEASURED } from '../src/store/runs/measure-queue.ts';
import { insertDueRuns } from './support/claims.ts';
import { createFixture, testConfig } from './support/fixture.ts';

it('events, runs and steps are counted and timed', async () => {
  await using fixture = await createFixture();
  const metrics = createMetrics();
  const dispatcher = await fixture.start({ deps: { metrics } });
  const event = { id: 'evt_1', deliveryId: 'dlv_1' };
  await dispatcher.deliver(event, { ...event, deliveryId: 'dlv_2' });
  await fixture.finished('evt_1');
  const { body } = await metrics.expose();
  expect(body).toMatch(/dispatcher_events_total{outcome="stored"} 1/);
  expect(body).toMatch(/dispatcher_events_total{outcome="duplicate"} 1/);
  expect(body).toMatch(/dispatcher_runs_total{outcome="succeeded"} 1/);
  expect(body).toMatch(/dispatcher_step_duration_seconds_count{kind="tool_call",outcome="succeeded"} 1/);
  expect(body).toMatch(/dispatcher_event_lag_seconds_count 2/);
});

it('the queue is what is due and not held, and as old as its oldest run', async () => {
  await using fixture = await createFixture();
  fixture.mcp.onCall = () => new Promise(() => undefined);
  const dispatcher = await fixture.start({ config: { workers: { ...testConfig.workers, concurrency: 1 } } });
  expect(await measureQueue(fixture.pool)).toEqual({ depth: 0, oldestSeconds: 0 });
  await dispatcher.deliver({}, {}, {});
  await expect.poll(() => fixture.mcp.calls.length).toBe(1);
  await fixture.pool.query(`update runs set claimable_at = now() - interval '1 minute' where status = 'queued'`);
  const { depth, oldestSeconds } = await measureQueue(fixture.pool);
  expect(depth).toBe(2);
  expect(Math.round(oldestSeconds)).toBeGreaterThanOrEqual(60);
});

it('a long queue is counted up to a limit, and its oldest run is found wherever it stands', async () => {
  await using fixture = await createFixture();
  await fixture.start({ config: { workers: { ...testConfig.workers, concurrency: 0 } } });
  await insertDueRuns(fixture.pool, { orgId: 'org_a', count: MOST_MEASURED + 50, triggers: 20 });
  await insertDueRuns(fixture.pool, { orgId: 'org_z', count: 1 });
  await fixture.pool.query(`update runs set claimable_at = now() - interval '1 h' where org_id = 'org_z'`);
  const { depth, oldestSeconds } = await measureQueue(fixture.pool);
  expect(depth).toBe(MOST_MEASURED);
  expect(oldestSeconds).toBeGreaterThanOrEqual(3_600);
});
