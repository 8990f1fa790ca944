import { copyFile, readFile } from 'node:fs/promises';
import { createClient } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addServiceKey,
  createServiceIdentity,
  openServiceKey,
  retireServiceKeys,
  type ServiceIdentity,
} from '@agent-platform/auth';
import { CredentialService, EventService, SkillService } from '@agent-platform/proto';
import { callContext, clientInterceptors, remoteTransport } from '@agent-platform/rpc';
import type { ServiceName } from '@agent-platform/runtime';
import { createLogger } from '@agent-platform/telemetry';
import { createTestDatabase } from '@agent-platform/testing';
import { serviceKeysOf } from '@agent-platform/cluster';
import { accepted, ended, provision, until } from './fixture.ts';
import { startCluster, type RunningCluster } from './modes.ts';
import { allowForProcesses } from './process.ts';
import { startSeedServer } from './seed-server.ts';

/** Who calls whom. */
const CALLS: readonly (readonly [ServiceName, ServiceName])[] = [
  ['ingest', 'token-service'],
  ['management-api', 'token-service'],
  ['dispatcher', 'token-service'],
  ['dispatcher', 'management-api'],
  ['management-api', 'dispatcher'],
];
const CALLERS = ['ingest', 'management-api', 'dispatcher'] as const;
const REFUSED = 'service_identity_refused';
const user = {
  kind: 'user',
  subject: 's',
  orgId: 'org_1',
  permissions: new Set(['events:read', 'skills:read']),
} as const;
const logger = createLogger({ level: 'silent', service: 'test' });

describe('the keys of services', () => {
  allowForProcesses();
  const resources = new AsyncDisposableStack();
  let platform: RunningCluster;
  let server: Awaited<ReturnType<typeof startSeedServer>>;
  let keys: ReturnType<typeof serviceKeysOf>;
  beforeAll(async () => {
    const bus = resources.use(await createTestDatabase()).url;
    platform = resources.use(await startCluster({ busUrl: bus }));
    server = resources.use(await startSeedServer('sk'));
    keys = serviceKeysOf(platform.cluster.directory);
  });
  afterAll(() => resources.disposeAsync());

  const identity = async (service: ServiceName, keyFile: string) =>
    createServiceIdentity({ service, key: await openServiceKey(keyFile, { logger }) });

  /** What a callee answers to whoever shows that identity: the code of its refusal, or nothing. */
  async function answerOf(shown: ServiceIdentity, callee: ServiceName, onBehalfOf?: typeof user): Promise<string> {
    const { tokenService, managementApi, dispatchers } = platform.cluster;
    const process = { 'token-service': tokenService, 'management-api': managementApi, dispatcher: dispatchers[0]! };
    const { url: baseUrl } = process[callee as keyof typeof process];
    await using transport = remoteTransport({
      baseUrl,
      interceptors: clientInterceptors({ identity: shown, callee }),
    });
    const options = { contextValues: callContext(onBehalfOf ? { onBehalfOf } : {}) };
    const call = {
      'token-service': () => createClient(CredentialService, transport).deleteCredential({}, options),
      'management-api': () => createClient(SkillService, transport).listSkills({}, options),
      dispatcher: () => createClient(EventService, transport).listEvents({}, options),
    };
    const answer = await call[callee as keyof typeof call]().catch((error: unknown) => error as { code?: string });
    return ('code' in answer && answer.code) || 'answered';
  }

  /** Every service calls the ones it calls: a new source, skill and trigger, an event with a token nobody knows yet, its run. */
  let flows = 0;
  async function flow(): Promise<void> {
    const name = `flow-${++flows}`;
    const toolCall = { tool: 'book', arguments: {} };
    const token = await provision(platform.api, { name, mcpServerUrl: server.url, bearer: 'sk', toolCall });
    const eventId = await accepted(platform.url, token, { event_type: 'invoice.uploaded', payload: {} });
    expect(await ended(platform.api, eventId)).toMatchObject({ status: 'succeeded', attempts: 1 });
  }

  it('let ingest be nobody else and speak for no user, at whichever service', async () => {
    const key = keys.keyFile('ingest');
    const asItself = await identity('ingest', key);
    expect(await answerOf(asItself, 'token-service')).toBe('caller_not_allowed');
    for (const callee of ['token-service', 'management-api', 'dispatcher'] as const) {
      expect(await answerOf(asItself, callee, user)).toBe(REFUSED);
      for (const other of ['management-api', 'dispatcher'] as const) {
        expect(await answerOf(await identity(other, key), callee)).toBe(REFUSED);
        expect(await answerOf(await identity(other, key), callee, user)).toBe(REFUSED);
      }
    }
    const management = await identity('management-api', keys.keyFile('management-api'));
    expect(await answerOf(management, 'dispatcher', user)).toBe('answered');
    expect(await answerOf(management, 'management-api', user)).toBe(REFUSED);
  });

  it('are changed while everything runs, without a call that fails', async () => {
    await flow();
    const { publicKeysFile } = keys;
    const [oldFile, newFile] = ['old', 'new'].map((age) => (caller: ServiceName) => `${keys.keyFile(caller)}.${age}`);
    const ids = new Map<ServiceName, string>();
    for (const service of CALLERS) {
      await copyFile(keys.keyFile(service), oldFile!(service));
      ids.set(service, await addServiceKey({ service, privateKeyFile: newFile!(service), publicKeysFile }));
    }
    const untilShown = (what: string, file: (caller: ServiceName) => string, refused: boolean) =>
      Promise.all(
        CALLS.map(async ([caller, callee]) => {
          const shown = await identity(caller, file(caller));
          await until(`${callee}: ${what} of ${caller}`, async () => {
            return ((await answerOf(shown, callee)) === REFUSED) === refused;
          });
        }),
      );
    await untilShown('the new key', newFile!, false);
    await untilShown('the old key', oldFile!, false);

    for (const service of CALLERS) await copyFile(newFile!(service), keys.keyFile(service));
    const { processes } = platform.cluster;
    await until('every caller to sign with its new key', async () => {
      await flow();
      const logs = await Promise.all(
        processes.map(async ({ service, logFile }) => ({ service, log: await readFile(logFile, 'utf8') })),
      );
      return logs.every(({ service, log }) => !ids.has(service) || log.includes(`"id":"${ids.get(service)}"`));
    });

    for (const service of CALLERS) await retireServiceKeys({ service, publicKeysFile });
    await untilShown('no old key', oldFile!, true);
    await flow();
  });
});
