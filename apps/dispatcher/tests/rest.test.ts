import { expect, it } from 'vitest';
import { mcpFault } from './support/fake-mcp.ts';
import { createFixture } from './support/fixture.ts';
import { createRest } from './support/rest.ts';

it('people resolve, cancel, replay and retry over REST, with names as they are written there', async () => {
  await using fixture = await createFixture();
  fixture.mcp.onCall = () => {
    throw mcpFault.timeout();
  };
  const dispatcher = await fixture.start();
  const [eventId] = await dispatcher.deliver({});
  const { id } = await fixture.finished(eventId!);
  await using rest = await createRest(dispatcher);
  const { get, post } = rest;

  expect(await post(`runs/${id}:cancel`, {})).toMatchObject([409, { code: 'run_state_wrong' }]);
  expect(await post(`runs/${id}:resolve`, { outcome: 'succeeded', note: 'in the ledger' })).toMatchObject([
    200,
    {
      status: 'succeeded',
      resolutions: [
        { outcome: 'succeeded', note: 'in the ledger', resolved_by: 'auth0|ann', error: { code: 'outcome_unknown' } },
      ],
      steps: [{}, { status: 'succeeded', idempotency_key: `${id}:call`, attempt: 1 }],
    },
  ]);
  expect(await post(`runs/${id}:resolve`, { outcome: 'failed' })).toMatchObject([409, { code: 'run_state_wrong' }]);
  expect(await post(`runs/${id}:resolve`, { outcome: 'perhaps' })).toMatchObject([400, {}]);

  expect(await post(`events/${eventId}:replay`, { replay_id: 'fix-42' })).toMatchObject([
    200,
    { replay_id: 'fix-42', decisions: [{ trigger_id: 'trg_1', matched: true }] },
  ]);
  const day = { received_from: '2020-01-01T00:00:00Z', received_before: '2999-01-01T00:00:00Z' };
  expect(await post('events:replay', { ...day, dry_run: true })).toMatchObject([
    200,
    { event_count: 1, run_count: 1, started_count: 0 },
  ]);
  expect(await post('events:replay', { dry_run: true })).toMatchObject([400, {}]);
  expect(await post('events:replay', { ...day, replay_id: 'fix-43' })).toMatchObject([
    200,
    { replay_id: 'fix-43', event_count: 1, run_count: 1, started_count: 1, state: 'succeeded' },
  ]);
  expect(await post('events:replay', { ...day, trigger: 'on-invoice', replay_id: 'fix-43' })).toMatchObject([
    409,
    { code: 'replay_id_taken' },
  ]);
  expect(await get('replays/fix-43')).toMatchObject([
    200,
    { id: 'fix-43', state: 'succeeded', events: { ...day, dry_run: false }, requested_by: 'auth0|ann' },
  ]);
  expect(await get('replays')).toMatchObject([200, { replays: [{ id: 'fix-43' }, { id: 'fix-42', event: {} }] }]);
  expect(await post('replays/fix-43:cancel', {})).toMatchObject([409, { code: 'replay_state_wrong' }]);

  const [, retry] = await post(`runs/${id}:retry`, { replay_id: 'fix-44', configuration: 'current' });
  expect(retry).toMatchObject({ event_id: eventId, retry_of: id, replay_of: id, replay_id: 'fix-44' });
  expect(await get('replays/fix-44')).toMatchObject([
    200,
    { retry_run: { run: id, configuration: 'current' }, state: 'succeeded', started_count: 1 },
  ]);
  expect(await post(`runs/${id}:retry`, { configuration: 'todays' })).toMatchObject([400, {}]);
  const created = { created_from: '2020-01-01T00:00:00Z', created_before: '2999-01-01T00:00:00Z' };
  expect(await post('runs:retry', { ...created, dry_run: true })).toMatchObject([
    200,
    { run_count: 0, started_count: 0, skipped: [] },
  ]);
  expect(await post('runs:retry', { ...created, status: ['failed', 'outcome_unknown'] })).toMatchObject([
    400,
    { errors: [{ field: 'status', description: expect.stringContaining('resolve') as string }] },
  ]);
  expect(await post('runs:retry', { dry_run: true })).toMatchObject([400, {}]);
  expect(await post('runs:retry', { ...created, status: ['failed'], replay_id: 'fix-45' })).toMatchObject([
    200,
    { replay_id: 'fix-45', run_count: 0, started_count: 0, state: 'succeeded' },
  ]);
  expect(await get('replays/fix-45')).toMatchObject([200, { retry_runs: { ...created, configuration: 'original' } }]);
});
