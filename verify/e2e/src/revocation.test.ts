import { createFaultProxy } from '@agent-platform/testing';
import { expect, it } from 'vitest';
import { send, until } from './fixture.ts';
import { inCluster, inEachMode, type RunningPlatform } from './modes.ts';

const EVENT = { event_type: 'invoice.uploaded', payload: {} };

interface Token {
  id: string;
  token?: string;
  state: string;
  last_used_at?: string;
}

/** A source with two tokens, both known to every ingest. */
async function twoTokens({ api, ingests }: RunningPlatform, name: string) {
  const path = `/webhook-sources/${name}/tokens`;
  const source = await api.call<{ token: string }>('POST', '/webhook-sources', { name });
  const { id, token } = (await api.call<Token>('POST', `${path}:rotate`, { overlap: '86400s' }))!;
  const tokens = { revoked: { id, token: token! }, live: source!.token };
  for (const url of ingests) for (const known of [token!, source!.token]) expect(await statusOf(url, known)).toBe(202);
  return { ...tokens, revoke: () => api.call('POST', `${path}/${id}:revoke`), path };
}

const statusOf = async (url: string, token: string) => (await send(url, token, EVENT)).status;

inEachMode('a token that is revoked', (start) => {
  it('is refused by every ingest, and the other tokens of its source are not', async () => {
    await using platform = await start();
    const { revoked, live, revoke } = await twoTokens(platform, 'revocation');
    await revoke();
    for (const url of platform.ingests) {
      await until(`${url} to refuse it`, async () => (await statusOf(url, revoked.token)) === 401);
      expect(await statusOf(url, live)).toBe(202);
      expect(await statusOf(url, revoked.token)).toBe(401);
    }
  });
});

inCluster('what ingests and token-service tell each other', (start) => {
  it('a revocation reaches every ingest, also those that cannot ask for it', async () => {
    await using proxy = await createFaultProxy();
    await using platform = await start({
      ingests: 2,
      environment(service, env) {
        if (service !== 'ingest') return env;
        proxy.setTarget(Number(new URL(env['TOKEN_SERVICE_URL']!).port));
        return { ...env, TOKEN_SERVICE_URL: `http://127.0.0.1:${proxy.port}` };
      },
    });
    const { revoked, live, revoke } = await twoTokens(platform, 'push');
    // From now on ingests know only what they are told: what they know they would go on accepting for minutes.
    proxy.refuse(true);
    for (const connection of proxy.connections) connection.reset();
    for (const url of platform.ingests) {
      await until(`${url} to be told`, async () => {
        // Told again each time: it may have begun to follow only now.
        await revoke();
        return (await statusOf(url, revoked.token)) === 401;
      });
      expect(await statusOf(url, live)).toBe(202);
    }
  });

  it('the last use of a token is shown after an orderly stop of its ingest at the latest', async () => {
    await using platform = await start();
    const { revoked, path } = await twoTokens(platform, 'uses');
    const lastUse = async () => {
      const { tokens } = (await platform.api.call<{ tokens: Token[] }>('GET', path))!;
      return tokens.find(({ id }) => id === revoked.id)!.last_used_at;
    };
    expect(await lastUse()).toBeUndefined();
    await platform.cluster.ingests[0]!.stop();
    expect(await lastUse()).toMatch(/^20..-/);
  });
});
