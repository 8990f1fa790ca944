import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { createLocalJWKSet, SignJWT } from 'jose';
import { createUserAuthenticator, type Authenticate } from '@agent-platform/auth';
import { ISSUER_ALGORITHM, loadIssuerKey } from './issuer-key.ts';
import { grant, TokenRefusal, type IssuerClient } from './token-request.ts';

const TOKEN_TTL_SECONDS = 86_400;
const BODY_LIMIT_BYTES = 16_384;

export interface EmbeddedIssuer {
  /** Adds `POST /oauth/token` and `GET /.well-known/jwks.json`. */
  http(app: FastifyInstance): void;
  /** Accepts its tokens. */
  readonly authenticate: Authenticate;
}

export interface EmbeddedIssuerOptions {
  /** What `iss` says; a slash is added, as Auth0's has one. */
  readonly issuer: string;
  readonly audience: string;
  /** Where its key is kept, so that tokens outlive a restart. Made when missing, readable for its owner only. */
  readonly keyFile: string;
  readonly clients: readonly IssuerClient[];
}

/**
 * Stands in for Auth0 where there is no account: answers the same token request (JSON or form) with the same kind of
 * token, and the same errors. For development only: its clients' secrets are no secrets.
 */
export async function createEmbeddedIssuer(o: EmbeddedIssuerOptions): Promise<EmbeddedIssuer> {
  const issuer = o.issuer.endsWith('/') ? o.issuer : `${o.issuer}/`;
  const { privateKey, publicJwk } = await loadIssuerKey(o.keyFile);
  const jwks = { keys: [publicJwk] };

  async function issue(body: unknown) {
    const { client, permissions } = grant(body, o);
    const issuedAt = Math.floor(Date.now() / 1000);
    const scope = permissions.join(' ');
    const claims = { azp: client.clientId, gty: 'client-credentials', org_id: client.orgId, scope, permissions };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: ISSUER_ALGORITHM, typ: 'JWT', kid: publicJwk.kid! })
      .setIssuer(issuer)
      .setSubject(`${client.clientId}@clients`)
      .setAudience(o.audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + TOKEN_TTL_SECONDS)
      .setJti(randomUUID())
      .sign(privateKey);
    return { access_token: token, scope, expires_in: TOKEN_TTL_SECONDS, token_type: 'Bearer' };
  }

  return {
    authenticate: createUserAuthenticator({
      issuers: () => [issuer],
      audience: o.audience,
      keys: createLocalJWKSet(jwks),
    }),
    http(app) {
      void app.register(async (scope) => {
        acceptJsonAndForms(scope);
        scope.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
          if (!(error instanceof TokenRefusal) && (error.statusCode ?? 500) >= 500) throw error;
          const [status, code] = error instanceof TokenRefusal ? [error.status, error.error] : [400, 'invalid_request'];
          return reply.status(status).send({ error: code, error_description: error.message });
        });
        scope.post('/oauth/token', { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
          // https://www.rfc-editor.org/rfc/rfc6749#section-5.1
          void reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' });
          return issue(request.body);
        });
        scope.get('/.well-known/jwks.json', async () => jwks);
      });
    },
  };
}

/** In this scope only, whatever the rest of the server does with bodies. */
function acceptJsonAndForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, JSON.parse(body as string));
    } catch {
      done(new TokenRefusal(400, 'invalid_request', 'The body is not JSON'));
    }
  });
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(body as string)));
  });
  scope.addContentTypeParser('*', (_request, _body, done) => {
    done(new TokenRefusal(400, 'invalid_request', 'Send the request as application/json or as a form'));
  });
}
