/**
 * Reads skills while nobody writes, and while writers wait for a token-service that accepts connections and never answers:
 * `node apps/management-api/bench/token-service-black-holed.ts`. Needs nothing; takes about a minute; exits with 1 when a
 * read failed, a write succeeded, or the p99 of the reads more than doubled.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { createServiceIdentities } from '@agent-platform/auth';
import { EmbeddedPostgres } from '@agent-platform/embedded-postgres';
import { CredentialService, SkillService, WebhookTokenService } from '@agent-platform/proto';
import { clientInterceptors, localTransport, remoteTransport, serverInterceptors } from '@agent-platform/rpc';
import { createLogger } from '@agent-platform/telemetry';
import { createManagementApi, readManagementApiConfig } from '../src/index.ts';

const READS_PER_SECOND = 100;
const PHASE_MS = 15_000;
/** More than there are connections to the database. */
const WRITERS = 20;

const print = (label: string, text: string) => process.stdout.write(`${label.padEnd(22)} ${text}\n`);

await using resources = new AsyncDisposableStack();
const directory = await mkdtemp(join(tmpdir(), 'black-holed-bench-'));
resources.defer(() => rm(directory, { recursive: true, force: true }));
const logger = createLogger({ level: 'silent', service: 'bench' });
const postgres = resources.use(await EmbeddedPostgres.start({ dataDir: join(directory, 'postgres'), logger }));
await postgres.createDatabase('management_api');

const sockets = new Set<Socket>();
const blackHole = createServer((socket) => void sockets.add(socket.on('error', () => undefined).resume()));
blackHole.listen(0, '127.0.0.1');
await once(blackHole, 'listening');
resources.defer(() => {
  for (const socket of sockets) socket.destroy();
  blackHole.close();
});
const identity = (await createServiceIdentities()).identityOf('management-api');
const toTokens = resources.use(
  remoteTransport({
    baseUrl: `http://127.0.0.1:${(blackHole.address() as AddressInfo).port}`,
    interceptors: clientInterceptors({ identity, callee: 'token-service' }),
  }),
);
const management = resources.use(
  await createManagementApi(
    { ...readManagementApiConfig({}), allowedAddresses: [] },
    {
      databaseUrl: postgres.url('management_api'),
      tokens: createClient(WebhookTokenService, toTokens),
      credentials: createClient(CredentialService, toTokens),
      outbound: { json: () => Promise.reject(new Error('not used')) },
      dispatch: toTokens,
      logger,
    },
  ),
);
const permissions = new Set(['skills:read', 'skills:write']);
const authenticate = async () => ({ kind: 'user', subject: 'bench', orgId: 'org_a', permissions }) as const;
const interceptors = serverInterceptors({ authenticate, logger });
const skills = createClient(SkillService, localTransport({ routes: management.routes!, interceptors, client: [] }));
const mcpServerUrl = 'https://mcp.example.com/mcp';
const { skill } = await skills.createSkill({ skill: { name: 'read', mcpServerUrl } });

/** Reads at a constant rate, whatever the answers take. */
async function readFor(ms: number): Promise<{ p50: number; p99: number; failures: number }> {
  const startedMs = performance.now();
  const latenciesMs: number[] = [];
  let failures = 0;
  const read = async () => {
    const sentMs = performance.now();
    await skills.getSkill({ skill: skill!.id }).then(
      () => latenciesMs.push(performance.now() - sentMs),
      () => failures++,
    );
  };
  const reads: Promise<void>[] = [];
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) * READS_PER_SECOND) / 1_000);
    while (reads.length < due) reads.push(read());
  }, 1_000 / READS_PER_SECOND);
  await new Promise((resolve) => setTimeout(resolve, ms));
  clearInterval(timer);
  await Promise.all(reads);
  latenciesMs.sort((a, b) => a - b);
  const quantile = (q: number) => latenciesMs[Math.floor(q * (latenciesMs.length - 1))] ?? NaN;
  return { p50: quantile(0.5), p99: quantile(0.99), failures };
}

await readFor(3_000);
const idle = await readFor(PHASE_MS);
print('nobody writes', `p50 ${idle.p50.toFixed(1)} ms, p99 ${idle.p99.toFixed(1)} ms, ${idle.failures} failures`);

const stop = new AbortController();
const written = { refused: 0, made: 0 };
const writers = Array.from({ length: WRITERS }, async (_, writer) => {
  for (let i = 0; !stop.signal.aborted; i++) {
    const wanted = { name: `w-${writer}-${i}`, mcpServerUrl, mcpHeaders: { 'X-Key': 'secret' } };
    await skills.createSkill({ skill: wanted }).then(
      () => written.made++,
      () => written.refused++,
    );
  }
});
const held = await readFor(PHASE_MS);
stop.abort();
await Promise.all(writers);
print(
  'token-service silent',
  `p50 ${held.p50.toFixed(1)} ms, p99 ${held.p99.toFixed(1)} ms, ${held.failures} failures`,
);
print('writes', `${WRITERS} at a time: ${written.refused} refused, ${written.made} made`);
const ratio = held.p99 / idle.p99;
print('p99', `${ratio.toFixed(2)}x (at most 2x)`);
if (ratio > 2 || idle.failures + held.failures + written.made > 0 || written.refused === 0) process.exitCode = 1;
