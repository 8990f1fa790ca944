import { expect, it } from 'vitest';
import { createRandom, NoKafkaError } from '@agent-platform/harness';
import { runScenario } from './run-scenario.ts';
import { table } from './report.ts';
import { kills } from './scenarios/kills.ts';

/** Its faults are kills of a dispatcher, an ingest and both other services. */
const SEED = '14';

/** A slice of `npm run torture`, at a rate that leaves room for other tests. */
it(
  'nothing accepted is lost and nothing is done twice while every service is killed',
  { timeout: 300_000 },
  async (context) => {
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    const slice = { ...kills, eventsPerSecond: 50 };
    const result = await runScenario(slice, {
      minutes: 0.55,
      random: createRandom(SEED),
      say,
      keepEvidence: true,
    }).catch((error: unknown) => {
      if (error instanceof NoKafkaError) return error;
      throw error;
    });
    if (result instanceof NoKafkaError) return context.skip(result.message);
    lines.push(table(result));
    expect(result.violations, lines.join('\n')).toEqual([]);
    expect(Number(result.figures.get('kill -9'))).toBeGreaterThanOrEqual(4);
  },
);
