/**
 * Rotates both keys of 10,000 credentials while they are read at 100/s, kills the rotating processes again and again,
 * and prints what came of it: `node apps/token-service/bench/rotation.ts`. Needs nothing; takes about a minute; exits
 * with 1 when a read failed or a row was left behind.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { addServiceKey, createServiceIdentity, openServiceKey } from '@agent-platform/auth';
import { createPool, type Pool } from '@agent-platform/database';
import { EmbeddedPostgres } from '@agent-platform/embedded-postgres';
import { createLogger } from '@agent-platform/telemetry';
import { startReplica } from '../tests/replica.ts';
import { newRings } from '../tests/rings.ts';
import { createReader, startReads, type ReadResults } from './read-load.ts';
import { seed } from './seed.ts';

const TENANTS = 500;
const PER_TENANT = 20;
const READS_PER_SECOND = 100;
const READS_AT_LEAST = 3_000;
const BEFORE_MS = 10_000;
const KILL_WHEN_LEFT = [0.98, 0.7, 0.3];
const DEADLINE_MS = 300_000;
const DAY_MS = 86_400_000;

/** Of the versions before: data keys by the first key-encryption key, credentials by it or by a first data key. */
const OLD = `
  select (select count(*) from data_keys where key_version = 1)::int as "dataKeys",
         (select count(*) from sealed_secrets where data_key_version is null or data_key_version = 1)::int as credentials`;

async function countOld(pool: Pool) {
  const { rows } = await pool.query<{ dataKeys: number; credentials: number }>(OLD);
  return { ...rows[0]!, all: rows[0]!.dataKeys + rows[0]!.credentials };
}

const print = (label: string, text: string) => process.stdout.write(`${label.padEnd(22)} ${text}\n`);

await using resources = new AsyncDisposableStack();
const logger = createLogger({ level: 'error', service: 'bench' });
const directory = await mkdtemp(join(tmpdir(), 'rotation-bench-'));
resources.defer(() => rm(directory, { recursive: true, force: true }));
const postgres = resources.use(await EmbeddedPostgres.start({ dataDir: join(directory, 'postgres'), logger }));
await postgres.createDatabase('token_service');
const url = postgres.url('token_service');
const rings = newRings();
const [privateKeyFile, publicKeysFile] = [join(directory, 'dispatcher.jwk'), join(directory, 'service-keys.json')];
await addServiceKey({ service: 'dispatcher', privateKeyFile, publicKeysFile });
const key = await openServiceKey(privateKeyFile, { logger });
const identity = createServiceIdentity({ service: 'dispatcher', key });
const env = (keyRing: string) => ({
  DATABASE_URL: url,
  CREDENTIAL_KEYS: keyRing,
  CREDENTIAL_DATA_KEY_MAX_AGE: '90d',
  SERVICE_PUBLIC_KEYS_FILE: publicKeysFile,
});

// Knows both keys, with the old one still in front: what every replica is while the new one is being put there.
const reading = resources.use(startReplica(env(rings.oneTwo)));
const reader = resources.use(createReader(await reading.url, identity));
const pool = createPool({ url, applicationName: 'bench', logger });
resources.defer(() => pool.end());

const madeAt = new Date(Date.now() - 100 * DAY_MS);
const credentials = await seed(pool, { keyRing: rings.one, tenants: TENANTS, perTenant: PER_TENANT, madeAt });
print('credentials', `${TENANTS * PER_TENANT} of ${TENANTS} tenants, half of them from before there were data keys`);

const readingBefore = startReads(reader, credentials, READS_PER_SECOND);
await sleep(BEFORE_MS);
const before = await readingBefore.stop();
const reads = startReads(reader, credentials, READS_PER_SECOND);
const deadlineMs = performance.now() + DEADLINE_MS;
const startedMs = performance.now();
const kills: string[] = [];

/** Waits until no more than this many rows are of old versions. */
async function untilLeft(rows: number) {
  for (;;) {
    const old = await countOld(pool);
    if (old.all <= rows) return old;
    if (performance.now() > deadlineMs)
      throw new Error(`The rotation does not come to an end: ${old.all} rows are left`);
    await sleep(50);
  }
}

let rotating = resources.use(startReplica(env(rings.twoOne)));
for (const share of KILL_WHEN_LEFT) {
  await untilLeft(share * TENANTS * (PER_TENANT + 1));
  await rotating.kill();
  const left = await countOld(pool);
  kills.push(`${left.dataKeys} + ${left.credentials}`);
  rotating = resources.use(startReplica(env(rings.twoOne)));
}
resources.use(startReplica(env(rings.twoOne)));
const old = await untilLeft(0);
const rotationSeconds = (performance.now() - startedMs) / 1_000;
while (reads.sent() < READS_AT_LEAST) await sleep(100);
const during = await reads.stop();

const alone = resources.use(startReplica(env(rings.two)));
const last = resources.use(createReader(await alone.url, identity));
let unreadable = 0;
for (const credential of credentials) if ((await last.read(credential)) !== undefined) unreadable += 1;

function printReads(label: string, { sent, perSecond, failures, quantileMs }: ReadResults): void {
  const latencies = [0.5, 0.99, 1].map((q) => `${quantileMs(q).toFixed(1)} ms`);
  const rate = `${sent} at ${perSecond.toFixed(1)}/s, ${failures.length} failed`;
  print(label, `${rate}; p50, p99, max: ${latencies.join(', ')}`);
  for (const failure of new Set(failures)) print('  failed', failure);
}

print(
  'rotation',
  `${rotationSeconds.toFixed(1)} s, by a process that was killed with -9 ${kills.length} times, and by two in the end`,
);
print('left at each kill', `${kills.join(', ')} (data keys + credentials)`);
printReads('reads before', before);
printReads('reads meanwhile', during);
print('left on old versions', `${old.dataKeys} data keys, ${old.credentials} credentials`);
print('without the old key', `${credentials.length - unreadable} of ${credentials.length} readable`);
if (during.failures.length + unreadable > 0) process.exitCode = 1;
