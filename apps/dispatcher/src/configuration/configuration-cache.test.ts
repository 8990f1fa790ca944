import { ConfigurationSchema, GetConfigurationResponseSchema } from '@agent-platform/proto';
import { AppError, createLogger } from '@agent-platform/service';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { createConfigurationCache } from './configuration-cache.ts';

type Answer = MessageInitShape<typeof GetConfigurationResponseSchema> | Error;

function setUp(...answers: (Answer | Promise<Answer>)[]) {
  const asked: bigint[] = [];
  const cache = createConfigurationCache(
    {
      async getConfiguration({ knownVersion }) {
        asked.push(knownVersion as bigint);
        const answer = await answers.shift()!;
        if (answer instanceof Error) throw answer;
        return create(GetConfigurationResponseSchema, answer);
      },
    },
    createLogger({ level: 'silent', service: 'test' }),
  );
  return { asked, nameOf: async () => (await cache.current('org')).triggers[0]?.name };
}

const named = (version: bigint, name: string) => ({
  version,
  configuration: create(ConfigurationSchema, { triggers: [{ name }] }),
});

describe('the configuration', () => {
  it('is asked for every time, by the version that is known', async () => {
    const { asked, nameOf } = setUp(named(1n, 'a'), { version: 1n }, named(2n, 'b'));
    expect([await nameOf(), await nameOf(), await nameOf()]).toEqual(['a', 'a', 'b']);
    expect(asked).toEqual([0n, 1n, 1n]);
  });

  it('is the last snapshot when the source fails, whatever the failure', async () => {
    const { nameOf } = setUp(named(1n, 'a'), new AppError('internal', 'bug', 'broken'), new Error('down'));
    expect([await nameOf(), await nameOf(), await nameOf()]).toEqual(['a', 'a', 'a']);
  });

  it('is unavailable without a snapshot, whatever the failure, so that no event is given up', async () => {
    const { nameOf } = setUp(new AppError('deadline_exceeded', 'slow', 'too slow'));
    await expect(nameOf()).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('never goes back to an older version when answers overtake each other', async () => {
    const slow = Promise.withResolvers<Answer>();
    const { nameOf } = setUp(slow.promise, named(2n, 'new'), { version: 2n });
    const first = nameOf();
    expect(await nameOf()).toBe('new');
    slow.resolve(named(1n, 'old'));
    expect(await first).toBe('new');
    expect(await nameOf()).toBe('new');
  });
});
