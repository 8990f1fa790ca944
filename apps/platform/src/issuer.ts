import { createAccessTokens, permissionsOf, type AuthConfig, type Authenticate } from '@agent-platform/auth';
import { createEmbeddedIssuer, type EmbeddedIssuer } from '@agent-platform/development-issuer';
import { publicServices } from '@agent-platform/proto';
import type { Logger } from '@agent-platform/telemetry';
import type { FastifyInstance } from 'fastify';

export const DEVELOPMENT_AUDIENCE = 'https://agent-platform.example.com';
export const DEVELOPMENT_CLIENT = { clientId: 'dev', clientSecret: 'dev-secret', orgId: 'org_dev' };

export interface Issuer {
  readonly authenticate: Authenticate;
  /** For `/readyz`. */
  readonly check?: () => Promise<void>;
  readonly http?: (app: FastifyInstance) => void;
}

/** Auth0 when there is a configuration for it, else the issuer for development. */
export async function createIssuer(o: {
  auth: AuthConfig | undefined;
  keyFile: string;
  logger: Logger;
  resources: AsyncDisposableStack;
}): Promise<Issuer> {
  if (o.auth) return o.resources.use(createAccessTokens(o.auth, o));
  return createDevelopmentIssuer({ issuer: 'http://localhost/development-issuer/', keyFile: o.keyFile });
}

/** With the one client that the documentation uses, who may do everything in a tenant of its own. */
export function createDevelopmentIssuer(o: { issuer: string; keyFile: string }): Promise<EmbeddedIssuer> {
  const clients = [{ ...DEVELOPMENT_CLIENT, permissions: permissionsOf(publicServices) }];
  return createEmbeddedIssuer({ ...o, audience: DEVELOPMENT_AUDIENCE, clients });
}
