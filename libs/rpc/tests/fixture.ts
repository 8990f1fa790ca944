import { create, type JsonObject } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import {
  AgentSchema,
  AgentService,
  RunService,
  SkillSchema,
  SkillService,
  TriggerService,
  WebhookSourceService,
  type Agent,
  type UpdateSkillRequest,
} from '@agent-platform/proto';
import type { Authenticate } from '@agent-platform/auth';
import { AppError } from '@agent-platform/errors';
import type { Service, ServiceName } from '@agent-platform/runtime';
import { createLogger, createMetrics } from '@agent-platform/telemetry';
import { createServer, userOf, type Routes, type RpcServer } from '../src/index.ts';

/** `Bearer all` may do everything, `Bearer nothing` nothing, `Bearer service:<name>` is a service. */
export const authenticate: Authenticate = async (authorization) => {
  const token = authorization?.replace('Bearer ', '');
  const user = { kind: 'user', subject: 'someone', orgId: 'org_test' } as const;
  if (token === 'all') return { ...user, permissions: new Set(PERMISSIONS) };
  if (token === 'nothing') return { ...user, permissions: new Set<string>() };
  if (token?.startsWith('service:')) return { kind: 'service', service: token.slice(8) as ServiceName };
  throw new AppError('unauthenticated', 'token_invalid', 'Send a valid access token.');
};

const PERMISSIONS = ['agents', 'skills', 'triggers', 'webhook-sources', 'runs'].flatMap((noun) => [
  `${noun}:read`,
  `${noun}:write`,
]);

/** Collects log lines. */
export function createLog() {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'debug',
    service: 'test',
    destination: { write: (line: string) => void lines.push(line) },
  });
  return { logger, lines, errors: () => lines.filter((line) => line.includes('"level":"error"')) };
}

/** An AgentService in memory, and what else a test asks for by name of the agent. */
export function createAgents() {
  const agents = new Map<string, Agent>();
  const calls: string[] = [];
  const held = Promise.withResolvers<void>();
  const implementation = {
    async createAgent({ agent }, context: HandlerContext) {
      calls.push(userOf(context).orgId);
      const stored = Object.assign(create(AgentSchema), agent, { id: `agt_${agents.size + 1}` });
      agents.set(stored.name, stored);
      return { agent: stored };
    },
    async getAgent({ agent: name }) {
      calls.push(name);
      if (name === 'broken') throw new TypeError('connection string postgres://user:hunter2@db');
      if (name === 'slow') await held.promise;
      if (name === 'busy') {
        throw new AppError('unavailable', 'bus_down', 'The bus is down.', { retryAfterSeconds: 7 });
      }
      const agent = agents.get(name) ?? [...agents.values()].find(({ id }) => id === name);
      if (!agent) throw new AppError('not_found', 'agent_not_found', `There is no agent ${name}.`);
      return { agent };
    },
    async listAgents({ pageSize, pageToken }) {
      return { agents: [...agents.values()], nextPageToken: `${pageToken}${pageSize}` };
    },
    async updateAgent({ agent, updateMask }) {
      return { agent: create(AgentSchema, { id: agent!.id, description: updateMask?.paths.join(' ') ?? 'no mask' }) };
    },
    async deleteAgent({ agent }) {
      calls.push(`delete ${agent}`);
      return {};
    },
  } satisfies ServiceImpl<typeof AgentService>;
  const routes: Routes = (router) => router.service(AgentService, implementation);
  return { routes, calls, release: held.resolve };
}

/** Answers what it was asked, so that tests see what a request became. */
export function createEchoes() {
  const seen = { updateSkill: undefined as UpdateSkillRequest | undefined, rotate: '', revoke: '', runs: '' };
  const routes: Routes = (router) =>
    router
      .service(SkillService, {
        createSkill: ({ skill }) => ({ skill: skill! }),
        updateSkill(request) {
          seen.updateSkill = request;
          return { skill: create(SkillSchema, {}) };
        },
      })
      .service(TriggerService, { createTrigger: ({ trigger }) => ({ trigger: trigger! }) })
      .service(WebhookSourceService, {
        rotateWebhookToken({ webhookSource, overlap }) {
          seen.rotate = `${webhookSource} ${overlap?.seconds}`;
          return { webhookToken: { token: 'whk_new' } };
        },
        revokeWebhookToken({ webhookSource, token }) {
          seen.revoke = `${webhookSource} ${token}`;
          return {};
        },
        listWebhookTokens: ({ webhookSource }) => ({ tokens: [{ id: webhookSource }] }),
      })
      .service(RunService, {
        listRuns({ status, eventId, pageSize }) {
          seen.runs = `${status.join()} ${eventId} ${pageSize}`;
          return { runs: status.map((one, index) => ({ id: `run_${index + 1}`, status: one })) };
        },
      });
  return { routes, seen };
}

export function serviceOf(routes: Routes, more: Partial<Service<Routes>> = {}): Service<Routes> {
  return { name: 'management-api', routes, checks: {}, [Symbol.asyncDispose]: async () => {}, ...more };
}

export async function startServer(
  services: Service<Routes>[],
  logger = createLog().logger,
  authenticator = authenticate,
  port = 0,
): Promise<RpcServer & { request: Request }> {
  const server = await createServer({
    services,
    authenticate: authenticator,
    logger,
    metrics: createMetrics(),
    host: '127.0.0.1',
    port,
  });
  const request: Request = async (method, path, o = {}) => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        ...(o.token !== null && { authorization: `Bearer ${o.token ?? 'all'}` }),
        ...(o.body !== undefined && { 'content-type': 'application/json' }),
        ...o.headers,
      },
      ...(o.body !== undefined && { body: typeof o.body === 'string' ? o.body : JSON.stringify(o.body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: text.startsWith('{') ? (JSON.parse(text) as JsonObject) : {},
    };
  };
  return { ...server, request };
}

type Request = (
  method: string,
  path: string,
  o?: { token?: string | null; body?: unknown; headers?: Record<string, string> },
) => Promise<{ status: number; headers: Headers; text: string; json: JsonObject }>;
