import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { startHttpServer } from '@agent-platform/testing';
import type { McpServer, OAuthClient } from '../../src/index.ts';
import { MODERN_LIST } from '../scripted-server.ts';

export const SECRET = 'client-secret-canary';

export interface Seen {
  readonly host: 'server' | 'issuer';
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

type Answer = (res: ServerResponse, seen: Seen) => void;

/** An MCP server and an authorization server, on two origins; a test replaces any of their answers. */
export interface World extends AsyncDisposable {
  readonly serverUrl: string;
  readonly issuer: string;
  readonly seen: Seen[];
  /** Tokens that the MCP server takes. */
  readonly valid: Set<string>;
  readonly server: McpServer;
  /** By path; `/mcp` is the MCP server for those whose token it does not refuse, `/token` the token endpoint. */
  readonly answers: Record<string, Answer>;
  /** What a 401 says. */
  challenge: string | undefined;
  readonly tokenRequests: () => URLSearchParams[];
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (res) =>
    void res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

export async function startWorld(o: { issuerPath?: string; oauth?: Partial<OAuthClient> } = {}): Promise<World> {
  await using resources = new AsyncDisposableStack();
  const seen: Seen[] = [];
  const valid = new Set<string>();
  const answers: Record<string, Answer> = {};
  const listen = async (host: Seen['host']) =>
    resources.use(
      await startHttpServer((req, res) => {
        void note(host, req).then((request) => {
          seen.push(request);
          if (request.path === '/mcp' && !valid.has(request.authorization?.slice(7) ?? '')) return refuse(res);
          (answers[request.path] ?? json(404, {}))(res, request);
        });
      }),
    );
  const { url: serverOrigin } = await listen('server');
  const { url: issuerOrigin } = await listen('issuer');
  const issuer = `${issuerOrigin}${o.issuerPath ?? ''}`;
  const serverUrl = `${serverOrigin}/mcp`;

  const refuse = (res: ServerResponse) =>
    json(401, {}, world.challenge === undefined ? {} : { 'www-authenticate': world.challenge })(res, seen[0]!);
  answers['/mcp'] = (res, { body }) => {
    const { id, method } = JSON.parse(body) as { id: number; method: string };
    const result = method === 'tools/list' ? MODERN_LIST : { resultType: 'complete', content: [] };
    json(200, { jsonrpc: '2.0', id, result })(res, seen[0]!);
  };
  answers['/.well-known/oauth-protected-resource/mcp'] = json(200, {
    resource: serverUrl,
    authorization_servers: [issuer],
  });
  answers[`/.well-known/oauth-authorization-server${o.issuerPath ?? ''}`] = json(200, {
    issuer,
    token_endpoint: `${issuerOrigin}/token`,
  });
  answers['/token'] = (res, request) => {
    const token = `access-token-${tokenRequests().length}`;
    valid.add(token);
    json(200, { access_token: token, token_type: 'Bearer', expires_in: 3600 })(res, request);
  };

  const tokenRequests = () =>
    seen
      .filter(({ path, method }) => path === '/token' && method === 'POST')
      .map(({ body }) => new URLSearchParams(body));
  const oauth = { issuer, clientId: 'platform', authentication: { secret: SECRET }, scopes: [], ...o.oauth };
  const moved = resources.move();
  const world: World = {
    serverUrl,
    issuer,
    seen,
    valid,
    answers,
    tokenRequests,
    server: { url: serverUrl, headers: {}, oauth },
    challenge: `Bearer resource_metadata="${serverOrigin}/.well-known/oauth-protected-resource/mcp"`,
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
  return world;
}

async function note(host: Seen['host'], req: IncomingMessage): Promise<Seen> {
  const { authorization } = req.headers;
  return { host, method: req.method!, path: req.url!, authorization, body: await text(req) };
}
