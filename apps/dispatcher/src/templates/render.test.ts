import { AppError } from '@agent-platform/errors';
import { expect, it } from 'vitest';
import type { Rendered } from './render-event.ts';
import { executeRun } from '../execution/execute-run.ts';
import type { Execution } from '../execution/execution.ts';

/** A run with a prompt that was tried often, as far as its template. */
function runWith(render: () => Promise<Rendered>) {
  const x = {
    run: { attempts: 100, plan: { agent: { model: 'openai/gpt-5' }, trigger: {}, action: { kind: 'prompt' } } },
    journal: { steps: [] },
    cancelled: new AbortController().signal,
    models: { problemWith: () => undefined },
    retry: { maxAttempts: 5, totalMs: 60_000, baseMs: 1, maxMs: 1 },
    templates: { render },
  };
  return executeRun(x as unknown as Execution, () => undefined);
}

it('a run waits as long as no thread can be started for its template', async () => {
  const error = new AppError('unavailable', 'threads_unavailable', 'A thread cannot be started right now.');
  expect(await runWith(() => Promise.reject(error))).toMatchObject({ status: 'queued', error: { code: 'internal' } });
});

it('a run whose template ends threads by itself is not tried for ever', async () => {
  expect(await runWith(() => Promise.reject(new Error('A thread has ended by itself')))).toMatchObject({
    status: 'failed',
    error: { code: 'internal' },
  });
});

it('a run whose template is refused has failed, and says what to do', async () => {
  const refused = { kind: 'refused', code: 'template_too_hard', message: 'Show fewer fields.' } as const;
  expect(await runWith(() => Promise.resolve(refused))).toEqual({
    status: 'failed',
    error: { code: 'template_too_hard', message: 'Show fewer fields.' },
  });
});
