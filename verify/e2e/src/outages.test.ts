import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accepted, ended, provision, until } from './fixture.ts';
import { inCluster, type RunningCluster } from './modes.ts';
import { startSeedServer } from './seed-server.ts';

const EVENTS = 20;

inCluster('outages', (start) => {
  let platform: RunningCluster;
  let server: Awaited<ReturnType<typeof startSeedServer>>;
  let token: string;
  beforeAll(async () => {
    platform = await start({ ingests: 2, dispatchers: 2 });
    server = await startSeedServer('sk');
    token = await provision(platform.api, {
      name: 'billing',
      mcpServerUrl: server.url,
      bearer: 'sk',
      toolCall: { tool: 'book', arguments: { id: '{{ .payload.id }}' } },
    });
    // Each ingest and each dispatcher has seen the token and the trigger once.
    for (const eventId of await sendAll('first')) await ended(platform.api, eventId);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await platform[Symbol.asyncDispose]();
  });

  /** @param perSecond - all at once if not given. */
  async function sendAll(name: string, count = EVENTS, perSecond = Infinity): Promise<string[]> {
    return Promise.all(
      Array.from({ length: count }, async (_, n) => {
        await sleep((n / perSecond) * 1_000);
        return accepted(platform.url, token, { event_type: 'invoice.uploaded', payload: { id: `${name}-${n}` } });
      }),
    );
  }

  const booked = (name: string) => server.booked.filter((text) => text.includes(`"${name}-`)).length;

  it('without management-api known triggers go on', async () => {
    const { managementApi } = platform.cluster;
    managementApi.kill();
    await managementApi.exited;
    const eventIds = await sendAll('unmanaged');
    await until('the calls', async () => booked('unmanaged') === EVENTS);
    await managementApi.start();
    for (const eventId of eventIds) expect(await ended(platform.api, eventId)).toMatchObject({ status: 'succeeded' });
  });

  it('without token-service known tokens are accepted, and runs wait for their credential', async () => {
    const { tokenService } = platform.cluster;
    tokenService.kill();
    await tokenService.exited;
    const eventIds = await sendAll('untold');
    await until('the runs', async () => {
      const answers = eventIds.map((id) => platform.api.call<{ runs: object[] }>('GET', `/runs?event_id=${id}`));
      return (await Promise.all(answers)).every((answer) => answer!.runs.length === 1);
    });
    expect(booked('untold')).toBe(0);
    await tokenService.start();
    for (const eventId of eventIds) expect(await ended(platform.api, eventId)).toMatchObject({ status: 'succeeded' });
    expect(booked('untold')).toBe(EVENTS);
  });

  it('without dispatchers every event is accepted, and runs once they are back', async () => {
    const { dispatchers } = platform.cluster;
    for (const dispatcher of dispatchers) dispatcher.kill();
    await Promise.all(dispatchers.map(({ exited }) => exited));
    const eventIds = await sendAll('undispatched', 900, 300);
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.start()));
    await until('the calls', async () => booked('undispatched') === eventIds.length);
    for (const eventId of eventIds.slice(-EVENTS)) {
      expect(await ended(platform.api, eventId)).toMatchObject({ status: 'succeeded' });
    }
  });

  it('with dispatchers that hang every event is accepted, and runs once they go on', async () => {
    const { dispatchers } = platform.cluster;
    for (const dispatcher of dispatchers) dispatcher.kill('SIGSTOP');
    const eventIds = await sendAll('hanging', 900, 300);
    for (const dispatcher of dispatchers) dispatcher.kill('SIGCONT');
    await until('the calls', async () => booked('hanging') === eventIds.length);
  });

  it('without one ingest and one dispatcher the others do their work', async () => {
    const gone = [platform.cluster.ingests[0]!, platform.cluster.dispatchers[0]!];
    for (const process of gone) process.kill();
    await Promise.all(gone.map(({ exited }) => exited));
    for (const eventId of await sendAll('fewer')) {
      expect(await ended(platform.api, eventId)).toMatchObject({ status: 'succeeded' });
    }
    await Promise.all(gone.map((process) => process.start()));
  });

  it('every process stops in order when it is told to', async () => {
    const { processes } = platform.cluster;
    const exits = await Promise.all([...processes].map((process) => process.stop()));
    expect(exits).toEqual(processes.map(() => ({ code: 0, signal: null })));
  });
});
