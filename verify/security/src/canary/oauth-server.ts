import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { startHttpServer, type HttpServer } from '@agent-platform/testing';
import { ECHOES, type Reply } from './echoes.ts';
import type { Secrets } from './secrets.ts';

const RESOURCE_METADATA = '/.well-known/oauth-protected-resource';

/** Ways in which the token endpoint may give away the client's secret, by the echo of the MCP server's URL. */
export const REFUSALS: Readonly<Record<string, (sent: string) => Reply>> = {
  'token-refused': (sent) => ({ status: 401, body: { error: 'invalid_client', error_description: sent } }),
  'token-error': (sent) => ({ status: 400, body: { error: sent, error_uri: `https://as.example/?${sent}` } }),
  'token-no-json': (sent) => ({ body: `<p>${sent}</p>` }),
  'token-of-no-type': (sent) => ({ body: { access_token: sent, token_type: sent } }),
};
/** A server that asks for more scopes again and again, and names one after the token it got. */
export const GREEDY = 'insufficient-scope';

/** MCP servers that want access tokens and give them away, `<url>/<echo>/<skill>`, and the server that issues them. */
export async function startOAuthServer(secrets: Secrets): Promise<HttpServer> {
  let issued = 0;
  const server = await startHttpServer((request, response) => {
    void text(request).then((body) => {
      const { status = 200, headers, body: answer } = answerTo(request, body);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });
  const { url } = server;

  function answerTo(request: IncomingMessage, body: string): Reply {
    const path = request.url!;
    if (path.startsWith(RESOURCE_METADATA)) {
      return { body: { resource: url + path.slice(RESOURCE_METADATA.length), authorization_servers: [url] } };
    }
    if (path === '/.well-known/oauth-authorization-server') {
      const methods = ['client_secret_basic', 'private_key_jwt'];
      return { body: { issuer: url, token_endpoint: `${url}/token`, token_endpoint_auth_methods_supported: methods } };
    }
    if (path === '/token') return issue(new URLSearchParams(body), `${request.headers.authorization} ${body}`);
    return callOf(request, path, body);
  }

  function issue(form: URLSearchParams, sent: string): Reply {
    const [, echo, skill] = new URL(form.get('resource')!).pathname.split('/');
    const assertion = form.get('client_assertion')?.split('.')[2];
    if (assertion) secrets.note(`client assertion of ${skill}`, assertion);
    if (form.has('scope')) return { status: 400, body: { error: 'invalid_scope', error_description: sent } };
    const refuse = REFUSALS[echo!];
    if (refuse) return refuse(sent);
    const token = secrets.fresh(`access token ${++issued}, of ${skill}`);
    return { body: { access_token: token, token_type: 'Bearer', expires_in: 3600 } };
  }

  function callOf({ headers }: IncomingMessage, path: string, body: string): Reply {
    const [, echo] = path.split('/');
    const credential = headers.authorization?.slice('Bearer '.length);
    if (credential === undefined) {
      const challenge = `Bearer resource_metadata="${url}${RESOURCE_METADATA}${path}"`;
      return { status: 401, headers: { 'www-authenticate': challenge }, body: {} };
    }
    if (echo === GREEDY) {
      const challenge = `Bearer error="insufficient_scope", scope="${credential}"`;
      return { status: 403, headers: { 'www-authenticate': challenge }, body: {} };
    }
    const { id, method } = JSON.parse(body) as { id: unknown; method: string };
    return ECHOES[echo!]!({ id, method, headers, credential });
  }

  return server;
}
