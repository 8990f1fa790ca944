import type { Call } from '../canary/canary.ts';
import type { Evidence, Violation } from './evidence.ts';

/** What was called at the MCP server is what runs say, and nothing was repeated that may not be. */
export function checkCalls({ events, runs, calls }: Evidence): Violation[] {
  const violations: Violation[] = [];
  const report = (rule: string, subject: string, detail: string) => void violations.push({ rule, subject, detail });
  const payloadIds = new Map(events.map(({ id, payloadId }) => [id, payloadId]));
  const byRun = new Map(runs.map((run) => [run.id, run]));
  const called = Map.groupBy(calls, runIdOf);

  // One call of one tool for one thing, however often it was tried.
  for (const [subject, tries] of Map.groupBy(calls, ({ tool, id }) => `${tool} ${id}`)) {
    const { tool } = tries[0]!;
    const keys = new Set(tries.map(({ key }) => key));
    if (tool === 'book' && tries.length > 1) report('silent repeat', subject, `called ${tries.length} times`);
    if (keys.size > 1) report('repeated under another key', subject, [...keys].join(', '));
    if (tries.some(({ keysAgree }) => !keysAgree)) report('key missing in _meta', subject, tries[0]!.key);
  }
  for (const [runId, ofRun] of called) {
    const run = byRun.get(runId);
    const payloadId = run && payloadIds.get(run.eventId);
    const strange = ofRun.find(({ id }) => thingOf(id) !== payloadId);
    if (!run) report('call without a run', runId, ofRun[0]!.id);
    else if (strange) report("call with another event's data", runId, `${strange.id} instead of ${payloadId}`);
  }
  for (const { id, trigger, status } of runs) {
    const ofRun = called.get(id) ?? [];
    if (status === 'succeeded' && ofRun.length === 0) report('succeeded without a call', id, trigger);
    // Never called at all is fine: what was about to be sent when its worker died is unknown, too.
    if (status === 'outcome_unknown' && ofRun.length > 0 && !ofRun.some(({ tool }) => tool === 'book')) {
      report('unknown outcome of a tool that may be repeated', id, trigger);
    }
  }
  return violations;
}

/** Idempotency keys begin with the run's id. */
function runIdOf({ key }: Call): string {
  return key.slice(0, key.indexOf(':'));
}

/** What stands behind `#` tells several calls for one event apart. */
function thingOf(id: string): string {
  return id.split('#')[0]!;
}
