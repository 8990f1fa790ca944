import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createPool, runningServerUrl } from '@agent-platform/database';
import { createLogger } from '@agent-platform/telemetry';
import { describe, expect, it } from 'vitest';
import { accepted, ended, provision, startPlatform, temporaryDataDir, until } from './fixture.ts';
import { inCluster, type RunningPlatform } from './modes.ts';
import { startSeedServer } from './seed-server.ts';

const logger = createLogger({ level: 'silent', service: 'test' });
const COMMAND = join(import.meta.dirname, '../../../apps/dispatcher/src/dead-letters/main.ts');

interface DeadLetter {
  id: string;
  event_id: string;
  reason: { code: string };
  redrive?: { outcome: string; requested_by: string };
}

interface Place {
  readonly platform: RunningPlatform;
  /** Of the dispatcher. */
  readonly databaseUrl: string;
  readonly metricsUrls: readonly string[];
  /** Where the command finds the database. */
  readonly env: Record<string, string>;
}

describe('dead letters, on one machine', () => {
  it('are listed, counted and redriven', async () => {
    await using dataDir = await temporaryDataDir();
    await using platform = await startPlatform({ DATA_DIR: dataDir.path });
    const databaseUrl = await runningServerUrl(join(dataDir.path, 'postgres'), 'dispatcher');
    await proveDeadLetters({ platform, databaseUrl, metricsUrls: [platform.url], env: { DATA_DIR: dataDir.path } });
  });
});

inCluster('dead letters', (start) => {
  it('are listed, counted and redriven', async () => {
    await using platform = await start({ dispatchers: 2 });
    const { databases, dispatchers } = platform.cluster;
    const metricsUrls = dispatchers.map(({ adminUrl }) => adminUrl);
    const env = { DATABASE_URL: databases.dispatcher };
    await proveDeadLetters({ platform, databaseUrl: databases.dispatcher, metricsUrls, env });
  });
});

async function proveDeadLetters({ platform: { api, url }, databaseUrl, metricsUrls, env }: Place): Promise<void> {
  await using server = await startSeedServer('sk');
  const token = await provision(api, {
    name: 'billing',
    mcpServerUrl: server.url,
    bearer: 'sk',
    toolCall: { tool: 'book', arguments: { id: '{{ .payload.id }}' } },
  });
  const pool = createPool({ url: databaseUrl, applicationName: 'test', logger });
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
  await pool.query(`
    create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'refused' using errcode = '22P05'; end $$;
    create trigger refuse before insert on events
      for each row when (new.payload like '%poison%') execute function refuse()`);

  const send = (id: string) => accepted(url, token, { event_type: 'invoice.uploaded', payload: { id } });
  const [poisonous, next, last] = [await send('poison'), await send('sound'), await send('poison 2')];
  expect(await ended(api, next)).toMatchObject({ status: 'succeeded' });
  const list = async () => (await api.call<{ dead_letters: DeadLetter[] }>('GET', '/dead-letters'))!.dead_letters;
  const letters = await until('the letters', async () => {
    const some = await list();
    return some.length === 2 && some;
  });
  expect(letters.map(({ event_id }) => event_id)).toEqual([last, poisonous]);
  expect(letters.map(({ reason }) => reason.code)).toEqual(['data_refused', 'data_refused']);
  const counts = await Promise.all(
    metricsUrls.map(async (service) => {
      const text = await (await fetch(`${service}/metrics`)).text();
      return Number(/dispatcher_dead_letters_total{reason="data_refused"} (\d+)/.exec(text)?.[1] ?? 0);
    }),
  );
  expect(counts.reduce((sum, count) => sum + count)).toBe(2);

  await pool.query('drop trigger refuse on events');
  const [second, first] = letters as [DeadLetter, DeadLetter];
  const redriven = await api.call<DeadLetter>('POST', `/dead-letters/${first.id}:redrive`, {});
  expect(redriven!.redrive).toMatchObject({ outcome: 'processed' });
  expect(await ended(api, poisonous)).toMatchObject({ status: 'succeeded' });

  const command = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [COMMAND, ...args], { env });
    return stdout;
  };
  expect(await command('list')).toContain(`event ${last}`);
  expect(await command('redrive', second.id)).toContain('1 of 1 processed.');
  expect(await ended(api, last)).toMatchObject({ status: 'succeeded' });
  expect((await list())[0]!.redrive).toMatchObject({ outcome: 'processed', requested_by: 'operator' });
}
