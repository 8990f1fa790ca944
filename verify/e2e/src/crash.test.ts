import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Api } from '@agent-platform/client';
import { ended, provision, runsOf, send, temporaryDataDir } from './fixture.ts';
import { freePort, startProcess } from './process.ts';
import { startSeedServer } from './seed-server.ts';

const KILLS = 6;

/** Sends one event after the other until told to stop; answers the ids that got 202. Requests cut off are not accepted. */
function keepSending(url: string, token: string, round: number) {
  const accepted: string[] = [];
  let stopped = false;
  const worker = async (lane: number) => {
    for (let n = 0; !stopped; n++) {
      const payload = { id: `${round}-${lane}-${n}` };
      const answer = await send(url, token, { event_type: 'invoice.uploaded', payload }).catch(() => undefined);
      const body = (await answer?.json().catch(() => undefined)) as { event_id: string } | undefined;
      if (answer?.status === 202 && body) accepted.push(body.event_id);
      else if (!stopped) await sleep(5);
    }
  };
  const lanes = Promise.all(Array.from({ length: 8 }, (_, lane) => worker(lane)));
  return {
    async stop() {
      stopped = true;
      await lanes;
      return accepted;
    },
  };
}

it(`every event that got 202 has its run, across ${KILLS} kill -9 and a Ctrl-C`, async () => {
  await using dataDir = await temporaryDataDir();
  await using server = await startSeedServer('sk');
  const env = { PORT: String(await freePort()), DATA_DIR: dataDir.path };
  const accepted: string[] = [];
  let token = '';
  for (let round = 0; round <= KILLS; round++) {
    const platform = await startProcess(env);
    token ||= await provision(await Api.connect(platform.url), {
      name: 'billing',
      mcpServerUrl: server.url,
      bearer: 'sk',
      toolCall: { tool: 'book', arguments: { id: '{{ .payload.id }}' } },
    });
    const sending = keepSending(platform.url, token, round);
    await sleep(100 + Math.random() * 900);
    const last = round === KILLS;
    const code = await platform.stop(last ? 'SIGINT' : 'SIGKILL');
    accepted.push(...(await sending.stop()));
    if (last) expect(code).toBe(0);
  }

  await using platform = await startProcess(env);
  const api = await Api.connect(platform.url);
  expect(accepted.length).toBeGreaterThan(20);
  const statuses = new Map<string, number>();
  for (const eventId of accepted) {
    const { status } = await ended(api, eventId);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    expect(await runsOf(api, eventId)).toHaveLength(1);
  }
  // "book" does not say that it may be repeated: a call cut off by the kill is left for a person to decide.
  expect([...statuses.keys()].filter((status) => !['succeeded', 'outcome_unknown'].includes(status))).toEqual([]);
  console.log(`${accepted.length} events accepted, runs: ${JSON.stringify(Object.fromEntries(statuses))}`);
}, 300_000);
