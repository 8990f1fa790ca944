import {
  createEmbeddedIssuer,
  createRemoteKeys,
  createUserAuthenticator,
  permissionsOf,
  type Authenticate,
  type EmbeddedIssuer,
} from '@agent-platform/auth';
import { createOutbound } from '@agent-platform/outbound';
import {
  AgentService,
  EventService,
  RunService,
  SkillService,
  TriggerService,
  WebhookSourceService,
} from '@agent-platform/proto';
import type { Logger } from '@agent-platform/service';
import type { FastifyInstance } from 'fastify';
import type { AuthConfig } from './config.ts';

export const DEVELOPMENT_AUDIENCE = 'https://agent-platform.example.com';
export const DEVELOPMENT_CLIENT = { clientId: 'dev', clientSecret: 'dev-secret', orgId: 'org_dev' };

const services = [AgentService, SkillService, TriggerService, WebhookSourceService, EventService, RunService];

export interface Issuer {
  readonly authenticate: Authenticate;
  readonly http?: (app: FastifyInstance) => void;
}

/** Auth0 when there is a configuration for it, else the issuer for development. */
export async function createIssuer(o: {
  auth: AuthConfig | undefined;
  keyFile: string;
  logger: Logger;
  resources: AsyncDisposableStack;
}): Promise<Issuer> {
  if (o.auth) {
    const url = new URL('.well-known/jwks.json', withSlash(o.auth.issuer));
    const keys = createRemoteKeys({ url, outbound: o.resources.use(createOutbound(o.auth)), logger: o.logger });
    return { authenticate: createUserAuthenticator({ ...o.auth, keys }) };
  }
  return createDevelopmentIssuer({ issuer: 'http://localhost/development-issuer/', keyFile: o.keyFile });
}

/** With the one client that the documentation uses, who may do everything in a tenant of its own. */
export function createDevelopmentIssuer(o: { issuer: string; keyFile: string }): Promise<EmbeddedIssuer> {
  const clients = [{ ...DEVELOPMENT_CLIENT, permissions: permissionsOf(services) }];
  return createEmbeddedIssuer({ ...o, audience: DEVELOPMENT_AUDIENCE, clients });
}

const withSlash = (url: string) => (url.endsWith('/') ? url : `${url}/`);
