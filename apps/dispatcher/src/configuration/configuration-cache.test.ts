import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { AgentConfigurationSchema, GetConfigurationResponseSchema } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { createLogger } from '@agent-platform/telemetry';
import { describe, expect, it } from 'vitest';
import { createConfigurationCache } from './configuration-cache.ts';

type Answer = MessageInitShape<typeof GetConfigurationResponseSchema> | Error;

function setUp(...answers: (Answer | Promise<Answer>)[]) {
  const asked: (bigint | string)[] = [];
  const cache = createConfigurationCache(
    {
      async getConfiguration({ knownVersion, pageToken }) {
        asked.push(pageToken || knownVersion!);
        const answer = await answers.shift()!;
        if (answer instanceof Error) throw answer;
        return create(GetConfigurationResponseSchema, answer);
      },
      getResources: () => Promise.reject(new Error('not asked for')),
    },
    createLogger({ level: 'silent', service: 'test' }),
  );
  const modelOf = async () => (await cache.current('org')).agent('agt')?.model;
  return { asked, modelOf, cache };
}

const change = (model: string, id = 'agt') => ({
  id,
  resource: { case: 'agent' as const, value: create(AgentConfigurationSchema, { id, model }) },
});
const whole = (version: bigint, model: string) => ({ version, whole: true, changes: [change(model)] });

describe('the configuration', () => {
  it('is asked for every time, by the version that is known, and takes just what has changed', async () => {
    const { asked, modelOf } = setUp(
      whole(1n, 'a'),
      { version: 1n },
      { version: 2n, changes: [change('b')] },
      { version: 3n, changes: [change('x', 'agt_other'), { id: 'agt' }] },
    );
    expect([await modelOf(), await modelOf(), await modelOf(), await modelOf()]).toEqual(['a', 'a', 'b', undefined]);
    expect(asked).toEqual([0n, 1n, 1n, 2n]);
  });

  it('is complete before anybody sees it, in however many pages it comes', async () => {
    const { asked, cache } = setUp(
      { version: 7n, whole: true, changes: [change('a', 'agt_1')], nextPageToken: 'second' },
      { version: 7n, whole: true, changes: [change('b', 'agt_2')], nextPageToken: 'third' },
      { version: 7n, whole: true },
      { version: 7n },
    );
    const configuration = await cache.current('org');
    expect([configuration.agent('agt_1')?.model, configuration.agent('agt_2')?.model]).toEqual(['a', 'b']);
    await cache.current('org');
    expect(asked).toEqual([0n, 'second', 'third', 7n]);
  });

  it('goes back to an older version when management-api was restored from a backup', async () => {
    const { asked, modelOf } = setUp(whole(5n, 'newer'), whole(3n, 'restored'), { version: 3n });
    expect([await modelOf(), await modelOf(), await modelOf()]).toEqual(['newer', 'restored', 'restored']);
    expect(asked).toEqual([0n, 5n, 3n]);
  });

  it('is the last one known when the source fails, whatever the failure', async () => {
    const { modelOf } = setUp(whole(1n, 'a'), new AppError('internal', 'bug', 'broken'), new Error('down'));
    expect([await modelOf(), await modelOf(), await modelOf()]).toEqual(['a', 'a', 'a']);
  });

  it('is unavailable when none is known, whatever the failure, so that no event is given up', async () => {
    const { modelOf } = setUp(new AppError('deadline_exceeded', 'slow', 'too slow'));
    await expect(modelOf()).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('is asked for once at a time; who asks meanwhile shares the next answer, which knows what they know', async () => {
    const slow = Promise.withResolvers<Answer>();
    const { asked, modelOf } = setUp(slow.promise, { version: 2n, changes: [change('new')] });
    const first = modelOf();
    const others = [modelOf(), modelOf(), modelOf()];
    await Promise.resolve();
    expect(asked).toEqual([0n]);
    slow.resolve(whole(1n, 'old'));
    await first;
    expect(await Promise.all(others)).toEqual(['new', 'new', 'new']);
    expect(asked).toEqual([0n, 1n]);
  });

  it('is asked for again after a failure that others waited behind', async () => {
    const slow = Promise.withResolvers<Answer>();
    const { modelOf } = setUp(slow.promise, whole(1n, 'a'));
    const first = modelOf();
    const second = modelOf();
    slow.resolve(new Error('down'));
    await expect(first).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await second).toBe('a');
  });
});
