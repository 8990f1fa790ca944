import { expect, it } from 'vitest';
import type { Call } from '../canary/canary.ts';
import { check } from './check.ts';
import type { Evidence, EventRow, Expected, RunRow } from './evidence.ts';

const expected: Expected = ({ source, eventType }) => (eventType === 'order.placed' ? [`${source}-book`] : []);

const event = (n: number, o: Partial<EventRow> = {}): EventRow => ({
  id: `evt_${n}`,
  payloadId: `a/0/${n}`,
  eventType: 'order.placed',
  duplicateOf: null,
  xid: 100 + n,
  ...o,
});
const run = (n: number, o: Partial<RunRow> = {}): RunRow => ({
  id: `run_${n}`,
  eventId: `evt_${n}`,
  trigger: 'a-book',
  status: 'succeeded',
  errorCode: null,
  ...o,
});
const call = (n: number, o: Partial<Call> = {}): Call => ({
  tool: 'book',
  id: `a/0/${n}`,
  key: `run_${n}:call`,
  keysAgree: true,
  atMs: 0,
  ...o,
});
const sending = (n: number, acknowledged = true) => ({
  id: `a/0/${n}`,
  source: 'a',
  lane: 0,
  n,
  eventType: 'order.placed',
  ...(acknowledged && { eventId: `evt_${n}` }),
});

const kept: Evidence = {
  sendings: [sending(1), sending(2), sending(3, false)],
  events: [event(1), event(2), event(3)],
  runs: [run(1), run(2), run(3, { status: 'outcome_unknown', errorCode: 'outcome_unknown' })],
  calls: [call(1), call(2), call(3)],
  trespasses: [],
};

const rulesBroken = (broken: Partial<Evidence>) => [
  ...new Set(check({ ...kept, ...broken }, expected).map(({ rule }) => rule)),
];

it('a promise that was kept is no violation, nor is an event whose sender never heard', () => {
  expect(rulesBroken({})).toEqual([]);
  expect(
    rulesBroken({ events: kept.events.slice(0, 2), runs: kept.runs.slice(0, 2), calls: kept.calls.slice(0, 2) }),
  ).toEqual([]);
});

it.each<[string, Partial<Evidence>]>([
  ['acknowledged and lost', { events: [event(1), event(3)], runs: [run(1), run(3)], calls: [call(1), call(3)] }],
  ['answered with another event', { sendings: [sending(1), { ...sending(2), eventId: 'evt_1' }, sending(3, false)] }],
  [
    'acknowledged and lost',
    {
      events: [event(1), event(2, { duplicateOf: 'evt_9' }), event(3)],
      runs: [run(1), run(3)],
      calls: [call(1), call(3)],
    },
  ],
  ['never sent', { sendings: [sending(1), sending(2)] }],
  [
    'one event stored twice',
    {
      events: [...kept.events, event(4, { payloadId: 'a/0/1' })],
      runs: [...kept.runs, run(4)],
      calls: [...kept.calls.slice(1), call(4, { id: 'a/0/1' })],
    },
  ],
  ['stored out of order', { events: [event(1), event(2, { xid: 50 }), event(3)] }],
  ['event without its run', { runs: [run(1), run(3)], calls: [call(1), call(3)] }],
  [
    'two runs for one event and trigger',
    { runs: [...kept.runs, run(4, { eventId: 'evt_1', status: 'failed', errorCode: 'x' })] },
  ],
  ['run that should not be', { runs: [run(1), run(2, { trigger: 'b-book' }), run(3)] }],
  ['run that does not end', { runs: [run(1), run(2), run(3, { status: 'running' })] }],
  ['failed without a reason', { runs: [run(1), run(2), run(3, { status: 'failed' })] }],
  ['written by a worker that has lost the run', { trespasses: [{ runId: 'run_1', owner: 'd-2', worker: 'd-1' }] }],
  ['silent repeat', { calls: [...kept.calls, call(1)] }],
  [
    'repeated under another key',
    { calls: [call(1, { tool: 'upsert' }), call(1, { tool: 'upsert', key: 'run_1:again' }), call(2), call(3)] },
  ],
  ['key missing in _meta', { calls: [call(1, { keysAgree: false }), call(2), call(3)] }],
  ['call without a run', { calls: [...kept.calls, call(9)] }],
  ["call with another event's data", { calls: [call(1), call(2, { id: 'a/0/7' }), call(3)] }],
  ['succeeded without a call', { calls: [call(1), call(3)] }],
  ['unknown outcome of a tool that may be repeated', { calls: [call(1), call(2), call(3, { tool: 'lookup' })] }],
])('finds: %s', (rule, broken) => {
  expect(rulesBroken(broken)).toContain(rule);
});
