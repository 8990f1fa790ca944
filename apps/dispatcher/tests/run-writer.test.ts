import { describe, expect, it } from 'vitest';
import { createRunWriter } from '../src/execution/run-writer.ts';
import { claimRuns } from '../src/store/runs/claim-runs.ts';
import { renewLeases } from '../src/store/runs/renew-leases.ts';
import { claimOf } from './support/claims.ts';
import { createFixture, testConfig } from './support/fixture.ts';
import type { Step } from '../src/store/rows/run.ts';

const step = (number: number, text: string): Step => ({
  number,
  kind: 'tool_call',
  position: 'call',
  skill: 'billing',
  tool: 'book',
  arguments: text,
  repeatable: false,
  startedAt: new Date(),
  status: 'started',
  result: null,
  cut: null,
  error: null,
  finishedAt: null,
});

/** Runs that no worker takes, claimed by hand. */
async function setUp(count: number) {
  const fixture = await createFixture();
  const workers = { ...testConfig.workers, pollMs: 3_600_000, concurrency: 0 };
  const dispatcher = await fixture.start({ config: { workers } });
  await dispatcher.deliver(...Array.from({ length: count }, (_, n) => ({ payload: `{"n":${n}}` })));
  const { runs } = await claimRuns(fixture.pool, claimOf({ limit: 2 * count }));
  expect(runs).toHaveLength(count);
  return { fixture, runs };
}

describe('the run writer', () => {
  it('does not let what the database refuses in one run fail the others', async () => {
    const { fixture, runs } = await setUp(3);
    await using _ = fixture;
    await using writer = createRunWriter(fixture.pool);
    const written = await Promise.allSettled(
      runs.map((run, n) => writer.write({ run, warnings: '[]', steps: [step(1, n === 1 ? '"\u0000"' : '{}')] })),
    );
    expect(written.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const { rows } = await fixture.pool.query<{ run_id: string }>('select run_id from steps order by run_id');
    expect(rows.map(({ run_id }) => run_id)).toEqual([runs[0]!.id, runs[2]!.id].sort());
  });

  it('writes nothing of a run that another worker has, also when both write at once', async () => {
    const { fixture, runs } = await setUp(1);
    await using _ = fixture;
    await using writer = createRunWriter(fixture.pool);
    const [stale] = runs;
    await fixture.pool.query('update runs set epoch = epoch + 1');
    const current = { ...stale!, epoch: stale!.epoch + 1 };
    const answers = await Promise.all([
      writer.write({ run: stale!, warnings: '[]', steps: [step(1, '"stale"')], outcome: { status: 'succeeded' } }),
      writer.write({ run: current, warnings: '["mine"]', steps: [step(1, '"current"')] }),
    ]);
    expect(answers).toEqual([undefined, { status: 'running', cancelRequested: false }]);
    const { rows } = await fixture.pool.query(
      'select arguments, warnings, r.status from steps join runs r on r.id = run_id',
    );
    expect(rows).toEqual([{ arguments: '"current"', warnings: '["mine"]', status: 'running' }]);
  });

  it('and heartbeats never wait for each other', async () => {
    const { fixture, runs } = await setUp(20);
    await using _ = fixture;
    await using writer = createRunWriter(fixture.pool);
    for (let round = 1; round <= 20; round++) {
      const shuffled = runs.toSorted(() => Math.random() - 0.5);
      await Promise.all([
        renewLeases(fixture.pool, { held: shuffled, leaseMs: 60_000 }),
        ...runs.toReversed().map((run) => writer.write({ run, warnings: `["${round}"]`, steps: [step(round, '{}')] })),
        renewLeases(fixture.pool, { held: shuffled.toReversed(), leaseMs: 60_000 }),
      ]);
    }
    const { rows } = await fixture.pool.query('select count(*)::int as steps from steps');
    expect(rows).toEqual([{ steps: 400 }]);
  });
});
