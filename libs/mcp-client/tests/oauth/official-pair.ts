import { generateKeyPairSync } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { startHttpServer } from '@agent-platform/testing';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import {
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
} from '@modelcontextprotocol/sdk/server/auth/router.js';
import express from 'express';
import Provider from 'oidc-provider';
import type { OAuthClient } from '../../src/index.ts';
import { startV1Stateful, startV1Stateless, startV2 } from '../official-servers.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** What each client of the authorization server has. Ids and secrets need the encoding that RFC 6749 prescribes. */
const SECRET = 's3cret:+ %/~&=';
export const CLIENTS: Readonly<Record<string, OAuthClient['authentication']>> = {
  client_secret_basic: { secret: SECRET },
  client_secret_post: { secret: SECRET },
  private_key_jwt: { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string },
};

export interface OfficialPair extends AsyncDisposable {
  /** Of the MCP server. */
  readonly url: string;
  readonly issuer: string;
  readonly client: (method: string, scopes?: readonly string[]) => OAuthClient;
  /** What the token endpoint was asked, oldest first. */
  readonly tokenRequests: URLSearchParams[];
  /** Paths that the authorization server was asked for. */
  readonly paths: string[];
  readonly setRequiredScopes: (scopes: string[]) => void;
}

const SERVERS = { 'v1 stateful': startV1Stateful, 'v1 stateless': startV1Stateless, v2: () => startV2('reject') };
export type ServerKind = keyof typeof SERVERS;

/** An MCP server of the official SDK behind its own bearer check, and oidc-provider, which issues the tokens. */
export async function startOfficialPair(kind: ServerKind, methods = Object.keys(CLIENTS)): Promise<OfficialPair> {
  await using resources = new AsyncDisposableStack();
  const tokenRequests: URLSearchParams[] = [];
  const paths: string[] = [];
  let answer: RequestListener = () => undefined;
  const issuerServer = resources.use(
    await startHttpServer((req, res) => {
      paths.push(req.url!);
      answer(req, res);
    }),
  );
  const issuer = issuerServer.url;
  const provider = createProvider(issuer, methods);
  provider.on('grant.success', (context) => note(context));
  provider.on('grant.error', (context) => note(context));
  const note = (context: unknown) =>
    tokenRequests.push(new URLSearchParams((context as { oidc: { body: Record<string, string> } }).oidc.body));
  answer = provider.callback();

  let requiredScopes: string[] = ['tools:list'];
  const behind = resources.use(await SERVERS[kind]());
  const app = express();
  const front = resources.use(await startHttpServer(app));
  const url = new URL(`${front.url}/tenant/mcp`);
  const metadata = {
    issuer,
    token_endpoint: `${issuer}/token`,
    authorization_endpoint: `${issuer}/auth`,
    response_types_supported: [],
  };
  app.use(mcpAuthMetadataRouter({ oauthMetadata: metadata, resourceServerUrl: url, scopesSupported: ['tools:list'] }));
  const verifier = {
    async verifyAccessToken(value: string) {
      const token = await provider.ClientCredentials.find(value);
      if (!token?.isValid) throw new InvalidTokenError('unknown');
      const { aud, scope = '', exp, clientId } = token;
      return { token: value, clientId, scopes: scope.split(' '), expiresAt: exp, resource: new URL(String(aud)) };
    },
  };
  app.use('/tenant/mcp', (req, res, next) =>
    requireBearerAuth({
      verifier,
      requiredScopes,
      resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(url),
      expectedResource: url,
    })(req, res, next),
  );
  app.use('/tenant/mcp', express.json(), async (req, res) => {
    const headers = Object.entries(req.headers).filter(
      ([name]) => !['host', 'connection', 'content-length'].includes(name),
    );
    const forwarded = await fetch(behind.url, {
      method: 'POST',
      headers: headers as [string, string][],
      body: JSON.stringify(req.body),
    });
    res.writeHead(forwarded.status, Object.fromEntries(forwarded.headers));
    res.end(Buffer.from(await forwarded.arrayBuffer()));
  });
  const moved = resources.move();
  return {
    url: url.href,
    issuer,
    tokenRequests,
    paths,
    client: (method, scopes = []) => ({ issuer, clientId: method, authentication: CLIENTS[method]!, scopes }),
    setRequiredScopes: (scopes) => (requiredScopes = scopes),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

function createProvider(issuer: string, methods: readonly string[]): Provider {
  const provider = new Provider(issuer, {
    clients: methods.map((method) => ({
      client_id: method,
      client_secret: method.startsWith('client_secret') ? SECRET : undefined,
      token_endpoint_auth_method: method,
      token_endpoint_auth_signing_alg: method === 'private_key_jwt' ? 'ES256' : undefined,
      jwks:
        method === 'private_key_jwt'
          ? { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'theirs' }] }
          : undefined,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    clientAuthMethods: methods,
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'tools:list tools:call',
          accessTokenFormat: 'opaque',
          accessTokenTTL: 600,
        }),
      },
    },
    scopes: ['tools:list', 'tools:call'],
    cookies: { keys: ['test'] },
  });
  return provider;
}
