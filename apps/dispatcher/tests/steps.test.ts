import { createHash } from 'node:crypto';
import { GetRunResponseSchema, ListStepsResponseSchema, type Step } from '@agent-platform/proto';
import { startModelServer } from '@agent-platform/testing';
import { toBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { configurationOf, ORG } from './support/configuration.ts';
import { createFixture, type Fixture } from './support/fixture.ts';
import { createRest } from './support/rest.ts';

const STEPS = 300;
const GRPC_LIMIT = 4 * 1024 * 1024;

/** A run of many steps with large results, three attempts at each position. */
async function withSteps() {
  const fixture = await createFixture();
  const dispatcher = await fixture.start();
  const [eventId] = await dispatcher.deliver({});
  const { id } = await fixture.finished(eventId!);
  await fixture.pool.query('delete from steps');
  await fixture.pool.query(
    `insert into steps (run_id, org_id, number, kind, status, position, repeatable, result, started_at)
     select $1, $2, n, 'tool_call', 'failed', 'call:' || (n - 1) / 3, false, '"' || repeat('x', 30000) || '"', now()
     from generate_series(1, ${STEPS}) as n`,
    [id, ORG],
  );
  return { fixture, id };
}

async function restOf({ runs }: Pick<Fixture, 'runs'>, run: string, pageToken: string, pageSize: number) {
  const steps: Step[] = [];
  for (let token = pageToken; token !== '';) {
    const page = await runs.listSteps({ run, pageToken: token, pageSize });
    expect(toBinary(ListStepsResponseSchema, page).length).toBeLessThan(GRPC_LIMIT);
    steps.push(...page.steps);
    token = page.nextPageToken;
  }
  return steps;
}

it('a run has its first steps, and the rest in pages that a gRPC client takes', async () => {
  const { fixture, id } = await withSteps();
  await using _ = fixture;
  const answer = await fixture.runs.getRun({ run: id });
  expect(toBinary(GetRunResponseSchema, answer).length).toBeLessThan(GRPC_LIMIT);
  const { steps, nextStepsPageToken } = answer.run!;
  expect(steps.length).toBeGreaterThan(50);
  expect(nextStepsPageToken).not.toBe('');
  const all = [...steps, ...(await restOf(fixture, id, nextStepsPageToken, 1_000))];
  expect(all.map(({ number }) => number)).toEqual(Array.from({ length: STEPS }, (_, n) => n + 1));
  expect(all.map(({ attempt }) => attempt)).toEqual(Array.from({ length: STEPS }, (_, n) => (n % 3) + 1));

  const first = await fixture.runs.listSteps({ run: id, pageSize: 7 });
  expect(first.steps).toEqual(all.slice(0, 7));
  expect(await restOf(fixture, id, first.nextPageToken, 50)).toEqual(all.slice(7));
});

it('steps of no run, of another tenant, and behind a wrong token', async () => {
  const { fixture, id } = await withSteps();
  await using _ = fixture;
  const { runs } = fixture;
  const notFound = { code: 'run_not_found' };
  await expect(runs.listSteps({ run: 'run_none' })).rejects.toMatchObject(notFound);
  await expect(fixture.as('org_other').runs.listSteps({ run: id })).rejects.toMatchObject(notFound);
  const token = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url');
  for (const wrong of ['x', token(['a']), token(['1.5']), token(['99999999999']), token([1]), token(['1', '2'])]) {
    await expect(runs.listSteps({ run: id, pageToken: wrong })).rejects.toMatchObject({ code: 'page_token_invalid' });
  }
});

it('a result larger than the limit is cut, marked, with its length and hash', async () => {
  await using fixture = await createFixture();
  const whole = { content: [{ type: 'text', text: 'ü'.repeat(100_000) }], isError: false };
  fixture.mcp.onCall = () => whole;
  const dispatcher = await fixture.start({ config: { maxResultBytes: 2_048 } });
  await using rest = await createRest(dispatcher);
  const [eventId] = await dispatcher.deliver({});
  const { id } = await fixture.finished(eventId!);
  const json = JSON.stringify(whole);
  const sha256 = createHash('sha256').update(json).digest('hex');
  expect(await rest.get(`runs/${id}`)).toMatchObject([
    200,
    {
      status: 'succeeded',
      steps: [
        {},
        {
          result: {
            content: [
              { text: expect.stringMatching(/^ü+$/) as string },
              { text: expect.stringMatching(/^\[Cut: /) as string },
            ],
          },
          result_cut: { size_bytes: Buffer.byteLength(json), sha256 },
        },
      ],
    },
  ]);
  const [, run] = await rest.get(`runs/${id}`);
  expect((run.steps as object[])[0]).not.toHaveProperty('result_cut');
  expect(await rest.get(`runs/${id}/steps`)).toMatchObject([200, { steps: run.steps, next_page_token: '' }]);
});

it('a model is told the same of a cut result when the run is taken up again', async () => {
  const call = { toolCalls: [{ name: 'save', arguments: {} }] };
  await using server = await startModelServer([call, { status: 500 }, { text: 'Saved.' }]);
  await using fixture = await createFixture(
    configurationOf({
      trigger: { action: { case: 'promptTemplate', value: 'Save.' } },
      agent: { model: 'openai/test-model', instructions: '' },
    }),
  );
  fixture.mcp.onCall = () => ({ content: [{ type: 'text', text: 'x'.repeat(100_000) }] });
  const models = { openai: { baseUrl: server.openaiUrl, apiKey: 'sk' }, anthropic: {}, turnTimeoutMs: 5_000 };
  const dispatcher = await fixture.start({ config: { models, maxResultBytes: 2_048 } });
  const [eventId] = await dispatcher.deliver({});
  expect(await fixture.finished(eventId!)).toMatchObject({ output: 'Saved.', attempts: 2 });
  const [, failed, repeated] = server.requests.map(({ body }) => body.messages);
  expect(JSON.stringify(repeated)).toContain('[Cut: what is kept ends here.');
  expect(repeated).toEqual(failed);
});
