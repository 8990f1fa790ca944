import { AppError } from '@agent-platform/errors';
import { MAX_COUNTED } from '../store/events/count-events.ts';
import type { ReplayCounts } from '../store/rows/replay.ts';

/** One request starts no more. Each run calls tools, and stands in the queue before those of new events. */
const MAX_RUNS = 10_000;

/** @throws AppError `replay_too_large` */
export function refuseTooMany({ eventCount, runCount }: ReplayCounts): void {
  if (eventCount < MAX_COUNTED && runCount <= MAX_RUNS) return;
  const events = eventCount >= MAX_COUNTED ? `${MAX_COUNTED} events or more` : `${eventCount} events`;
  throw new AppError(
    'failed_precondition',
    'replay_too_large',
    `That is ${events}, which mean ${runCount} runs; one request starts at most ${MAX_RUNS}, of fewer than ` +
      `${MAX_COUNTED} events. Ask for a shorter range, or for one event_type, webhook_source_id or trigger.`,
  );
}

interface RetryCounts {
  /** Before any were left out. */
  readonly foundCount: number;
  readonly runCount: number;
}

/** @throws AppError `replay_too_large` */
export function refuseTooManyRetries({ foundCount, runCount }: RetryCounts): void {
  if (foundCount < MAX_COUNTED && runCount <= MAX_RUNS) return;
  const runs = foundCount >= MAX_COUNTED ? `${MAX_COUNTED} runs or more` : `${runCount} runs`;
  throw new AppError(
    'failed_precondition',
    'replay_too_large',
    `That is ${runs}; one request retries at most ${MAX_RUNS}, among fewer than ${MAX_COUNTED}. ` +
      'Ask for a shorter range, or for one trigger, agent or webhook_source.',
  );
}
