// management-api and token-service in a process that makes one change and kills itself at one of its points: before or
// after one of the calls to token-service, between which stand the statements in management-api's own database.
import { createClient, type Interceptor } from '@connectrpc/connect';
import { createServiceIdentities } from '@agent-platform/auth';
import { CredentialService, SkillService, WebhookSourceService, WebhookTokenService } from '@agent-platform/proto';
import { clientInterceptors, localTransport, serverInterceptors } from '@agent-platform/rpc';
import { createLogger } from '@agent-platform/telemetry';
import { createTokenService, parseVersionedKeys } from '@agent-platform/token-service';
import { createManagementApi, readManagementApiConfig } from '../src/index.ts';

export interface Work {
  readonly databaseUrl: string;
  readonly tokenDatabaseUrl: string;
  readonly keys: { readonly peppers: string; readonly keyRing: string };
  readonly nowMs: number;
  readonly orgId: string;
  readonly service: 'SkillService' | 'WebhookSourceService';
  readonly method: string;
  readonly request: object;
  /** Counted from 1. */
  readonly killAt: number;
}

const work = JSON.parse(process.argv[2]!) as Work;
const logger = createLogger({ level: 'silent', service: 'test' });
const identities = await createServiceIdentities();
const clock = () => work.nowMs;

const tokenService = await createTokenService(
  { peppers: parseVersionedKeys(work.keys.peppers)!, keyRing: parseVersionedKeys(work.keys.keyRing)! },
  { databaseUrl: work.tokenDatabaseUrl, bus: { publish: () => Promise.resolve() }, logger, clock },
);
let point = 0;
function pass(): void {
  point += 1;
  if (point === work.killAt) process.kill(process.pid, 'SIGKILL');
}
const killing: Interceptor = (next) => async (request) => {
  pass();
  const response = await next(request);
  pass();
  return response;
};
const identity = identities.identityOf('management-api');
const toTokens = localTransport({
  routes: tokenService.routes!,
  interceptors: serverInterceptors({
    authenticate: identities.authenticatorOf('token-service'),
    logger,
  }),
  client: [killing, ...clientInterceptors({ identity, callee: 'token-service' })],
});
const management = await createManagementApi(
  { ...readManagementApiConfig({}), allowedAddresses: [] },
  {
    databaseUrl: work.databaseUrl,
    tokens: createClient(WebhookTokenService, toTokens),
    credentials: createClient(CredentialService, toTokens),
    outbound: { json: () => Promise.reject(new Error('not used')) },
    dispatch: toTokens,
    logger,
    clock,
  },
);
const users = localTransport({
  routes: management.routes!,
  interceptors: serverInterceptors({
    authenticate: async () => ({
      kind: 'user',
      subject: 'tester',
      orgId: work.orgId,
      permissions: new Set(['skills:write', 'webhook-sources:write']),
    }),
    logger,
  }),
  client: [],
});
const client = createClient(work.service === 'SkillService' ? SkillService : WebhookSourceService, users);
const methods = client as unknown as Record<string, (request: object) => Promise<unknown>>;
await methods[work.method]!(work.request);
process.exit(0);
