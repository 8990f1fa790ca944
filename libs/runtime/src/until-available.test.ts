import { expect, it } from 'vitest';
import { AppError } from '@agent-platform/errors';
import { createLogger } from '@agent-platform/telemetry';
import { untilAvailable } from './until-available.ts';

const lines: string[] = [];
const logger = createLogger({
  level: 'debug',
  service: 'test',
  destination: { write: (line: string) => void lines.push(line) },
});
const { signal } = new AbortController();
const unavailable = () => new AppError('unavailable', 'database_unavailable', 'Not there.');

it('goes on once what it needs is there, and says what it waited for', async () => {
  const answers = [unavailable(), unavailable()];
  const work = async () => {
    const error = answers.shift();
    if (error) throw error;
    return 'there';
  };
  expect(await untilAvailable('database', work, { logger, signal })).toBe('there');
  expect(lines.filter((line) => line.includes('waiting for the database'))).toHaveLength(2);
});

it('does not wait for what waiting does not mend', async () => {
  const work = async () => Promise.reject(new AppError('failed_precondition', 'migration_failed', 'Broken.'));
  await expect(untilAvailable('database', work, { logger, signal })).rejects.toMatchObject({
    code: 'migration_failed',
  });
});

it('ends when the process is told to stop', async () => {
  const controller = new AbortController();
  const waiting = untilAvailable('database', () => Promise.reject(unavailable()), {
    logger,
    signal: controller.signal,
  });
  setImmediate(() => controller.abort());
  await expect(waiting).rejects.toThrow(/abort/i);
});
