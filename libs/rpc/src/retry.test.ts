import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect';
import { AgentService } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { expect, it } from 'vitest';
import { toConnectError } from './errors.ts';
import { retrySafeCalls } from './retry.ts';

const lost = () => new ConnectError('the connection was reset', Code.Unavailable);

/** GetAgent, which is safe, and CreateAgent, which is not: `answers` one after the other, undefined being an answer. */
function connect(answers: (ConnectError | undefined)[]) {
  let calls = 0;
  const answer = () => {
    const error = answers[calls++];
    if (error) throw error;
    return {};
  };
  const transport = createRouterTransport(
    (router) => router.service(AgentService, { getAgent: answer, createAgent: answer }),
    { transport: { interceptors: [retrySafeCalls] } },
  );
  return { agents: createClient(AgentService, transport), calls: () => calls };
}

it('a safe call that got lost is made again', async () => {
  const { agents, calls } = connect([lost(), lost(), undefined]);
  await agents.getAgent({ agent: 'x' });
  expect(calls()).toBe(3);
});

it('is given up after three attempts', async () => {
  const { agents, calls } = connect([lost(), lost(), lost(), undefined]);
  await expect(agents.getAgent({ agent: 'x' })).rejects.toMatchObject({ code: Code.Unavailable });
  expect(calls()).toBe(3);
});

it('a call that changes something is never repeated', async () => {
  const { agents, calls } = connect([lost(), undefined]);
  await expect(agents.createAgent({})).rejects.toMatchObject({ code: Code.Unavailable });
  expect(calls()).toBe(1);
});

it.each([
  ['a refusal', new ConnectError('no', Code.PermissionDenied)],
  ['a fault of the service', new ConnectError('broken', Code.Internal)],
  ['an answer that says when to come back', busy()],
])('%s is an answer', async (_, error) => {
  const { agents, calls } = connect([error, undefined]);
  await expect(agents.getAgent({ agent: 'x' })).rejects.toMatchObject({ code: error.code });
  expect(calls()).toBe(1);
});

it('a caller who has gone is not waited for', async () => {
  const controller = new AbortController();
  const { agents, calls } = connect([lost(), undefined]);
  const call = agents.getAgent({ agent: 'x' }, { signal: controller.signal });
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: Code.Canceled });
  expect(calls()).toBeLessThanOrEqual(1);
});

it('all attempts together keep the deadline', async () => {
  const { agents, calls } = connect([lost(), undefined]);
  await expect(agents.getAgent({ agent: 'x' }, { timeoutMs: 10 })).rejects.toMatchObject({
    code: Code.DeadlineExceeded,
  });
  expect(calls()).toBeLessThanOrEqual(1);
});

function busy(): ConnectError {
  return toConnectError(new AppError('unavailable', 'database_unavailable', 'Later.', { retryAfterSeconds: 2 }));
}
