import type { Evidence, Expected, Violation } from './evidence.ts';

const ENDED = new Set(['succeeded', 'failed', 'outcome_unknown']);

/** Each trigger of a stored event has one run, which comes to an end, written by nobody but the worker that holds it. */
export function checkRuns({ sendings, events, runs, trespasses }: Evidence, expected: Expected): Violation[] {
  const violations: Violation[] = [];
  const report = (rule: string, subject: string, detail: string) => void violations.push({ rule, subject, detail });
  const sources = new Map(sendings.map(({ id, source }) => [id, source]));
  const runsOf = Map.groupBy(runs, ({ eventId }) => eventId);

  for (const { id, payloadId, eventType, duplicateOf } of events) {
    const source = sources.get(payloadId);
    const triggers = duplicateOf === null && source ? expected({ source, eventType }) : [];
    const started = Map.groupBy(runsOf.get(id) ?? [], ({ trigger }) => trigger);
    for (const trigger of triggers) {
      if (!started.has(trigger)) report('event without its run', payloadId, `${id} has no run of ${trigger}`);
    }
    for (const [trigger, ofTrigger] of started) {
      const ids = ofTrigger.map((run) => run.id).join(', ');
      if (ofTrigger.length > 1) report('two runs for one event and trigger', payloadId, `${trigger}: ${ids}`);
      if (!triggers.includes(trigger)) report('run that should not be', payloadId, `${trigger}: ${ids}`);
    }
  }
  for (const { id, trigger, status, errorCode } of runs) {
    if (!ENDED.has(status)) report('run that does not end', id, `${trigger} is ${status}`);
    if (status === 'failed' && !errorCode) report('failed without a reason', id, trigger);
  }
  for (const { runId, owner, worker } of trespasses) {
    report('written by a worker that has lost the run', runId, `${worker} wrote, ${owner} has it`);
  }
  return violations;
}
