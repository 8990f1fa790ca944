import { McpError } from '@agent-platform/mcp-client';
import { OAuthClientSchema, ResolveCredentialResponseSchema, RunStatus, type OAuthClient } from '@agent-platform/proto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { createFixture, type Fixture } from './support/fixture.ts';

type Authentication = MessageInitShape<typeof OAuthClientSchema>['authentication'];

const known = { issuer: 'https://issuer.example/', clientId: 'platform', scopes: ['pay'] };
const clientWith = (authentication: Authentication): OAuthClient =>
  create(OAuthClientSchema, { ...known, authentication: authentication! });
const withSecret = clientWith({ case: 'clientSecret', value: 'canary-secret' });

/** Runs the only trigger once, for a skill that has an OAuth client. */
async function runOf(fixture: Fixture, oauthClient: OAuthClient) {
  const answer = create(ResolveCredentialResponseSchema, { headers: { 'X-Tenant': 'a' }, oauthClient });
  const dispatcher = await fixture.start({ deps: { credentials: { resolveCredential: async () => answer } } });
  const [eventId] = await dispatcher.deliver({});
  return await fixture.finished(eventId!);
}

describe('a skill with an OAuth client', () => {
  it.each([
    [{ secret: 'canary-secret' }, withSecret],
    [{ privateKey: 'canary-key' }, clientWith({ case: 'privateKey', value: 'canary-key' })],
  ])('is called with it: %j', async (authentication, stored) => {
    await using fixture = await createFixture();
    const run = await runOf(fixture, stored);
    expect(run.status).toBe(RunStatus.SUCCEEDED);
    for (const server of [fixture.mcp.lists[0], fixture.mcp.calls[0]!.server]) {
      expect(server).toMatchObject({ headers: { 'X-Tenant': 'a' }, oauth: { ...known, authentication } });
    }
    const { rows } = await fixture.pool.query('select r::text, s::text from runs r join steps s on s.run_id = r.id');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain('canary');
  });

  it('is called again when there was no token, though its tool may not be called twice', async () => {
    await using fixture = await createFixture();
    fixture.mcp.onCall = (_, index) => {
      if (index > 0) return {};
      const details = { sent: false, answered: false };
      throw new McpError('authorization_unavailable', 'No access token right now.', details);
    };
    const run = await runOf(fixture, withSecret);
    expect(run).toMatchObject({ status: RunStatus.SUCCEEDED, attempts: 2 });
    expect(fixture.mcp.calls).toHaveLength(2);
  });
});
