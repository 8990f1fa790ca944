import { McpError } from '@agent-platform/mcp-client';
import { ResolveCredentialResponseSchema, RunStatus } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { URL_OF_SKILL } from './support/configuration.ts';
import { containing, createFixture } from './support/fixture.ts';

it('a run that waits for its server is not given the credential of the one its skill has moved to', async () => {
  await using fixture = await createFixture();
  const asked: (string | undefined)[] = [];
  let owner = new URL(URL_OF_SKILL).origin;
  const credentials = {
    // As token-service answers.
    async resolveCredential({ origin }: { origin?: string }) {
      asked.push(origin);
      if (origin !== owner) throw new AppError('failed_precondition', 'credential_of_another_server', 'elsewhere');
      return create(ResolveCredentialResponseSchema, { headers: { 'X-Key': `of ${owner}` } });
    },
  };
  fixture.mcp.onCall = () => {
    owner = 'https://b.example';
    throw new McpError('rate_limited', 'The server answers 429.', { sent: true, answered: true });
  };
  const dispatcher = await fixture.start({ deps: { credentials } });
  const [eventId] = await dispatcher.deliver({});
  const run = await fixture.finished(eventId!);
  expect(run.status).toBe(RunStatus.FAILED);
  expect(run.error).toMatchObject({
    code: 'skill_moved',
    message: containing('retry it with the configuration "current"'),
  });
  expect(new Set(asked)).toEqual(new Set(['https://tools.example.com']));
  expect(JSON.stringify([fixture.mcp.lists, fixture.mcp.calls])).not.toContain('b.example');
});
